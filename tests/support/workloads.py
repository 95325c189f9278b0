"""What clients and servers do in tests of faults: run by `support.scripts`, each in a process of its own.

Only a function's own source is sent: it uses the names of `support.prelude`.
"""

# mypy: disable-error-code="name-defined"
# ruff: noqa: F821


def connect(address, port, timeout=None, source=None, options=()):
    """One connect(), blocking or with a timeout of Python's; reports the errno that it failed with."""
    active = client(address)
    if source:
        active.bind(tuple(source))
    for level, option, value in options:
        active.setsockopt(level, option, value)
    active.settimeout(timeout)
    try:
        active.connect((address, port))
        code = None
    except TimeoutError as error:  # Python's own has no errno
        code = name(error.errno) if error.errno else "timeout"
    except OSError as error:
        code = name(error.errno)
    say(errno=code, cookie=cookie(active), **myself())
    active.close()


def keep(address, port):
    """One connect() that is kept until the test says so."""
    active = client(address)
    active.connect((address, port))
    say(**ends(active), **myself())
    hear()


def serve(address="127.0.0.1", port=0, backlog=128, accepts=0):
    """Listen, and accept so many; say the port, then wait for the end."""
    listener = listen(address, port, backlog)
    say(port=listener.getsockname()[1], **myself())
    kept = [listener.accept()[0] for _ in range(accepts)]
    hear()
    for one in kept:
        one.close()


def swallow(device):
    """A TUN device whose packets are read and forgotten: a network that loses everything in silence."""
    import fcntl
    import threading

    tun = os.open("/dev/net/tun", os.O_RDWR)
    fcntl.ioctl(
        tun, 0x400454CA, struct.pack("16sH", device.encode(), 0x1001)
    )  # TUNSETIFF, IFF_TUN | IFF_NO_PI

    def read():
        while True:
            os.read(tun, 2048)

    threading.Thread(target=read, daemon=True).start()
    say()
    hear()
