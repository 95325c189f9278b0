"""bind() to an address and any port finds none that is free.

What is built
    One host, whose net.ipv4.ip_local_port_range has two ports; a server on port 8080.

What happens
    Two clients bind their source address, with port 0, and connect. The third one's bind() fails with
    EADDRINUSE: bind() chooses a port before it knows the destination, so each port serves once.

What one should see
    bind() to port 0 that fails, and no connection behind it.

By hand
    unshare -n
    ip link set lo up
    sysctl -w net.ipv4.ip_local_port_range='40000 40001'
    synscope run -- python3 -c 'import socket
    kept = [socket.socket() for _ in range(3)]
    for s in kept: s.bind(("127.0.0.1", 0))'
"""

import errno
import socket

from synscope.lab.stage.sockets import Address
from synscope.lab.stage.stage import Stage

NAME = "ephemeral-ports-bind"
FINDINGS = ("ephemeral-ports-exhausted",)
IN_RECORD = None  # record detail does not see bind() fail

PORTS = "40000 40001"


def play(stage: Stage) -> None:
    host = stage.host("host")
    host.sysctl("net.ipv4.ip_local_port_range", PORTS)
    listener = host.listen(8080)
    errors = host.run(bind_and_connect, listener.at[1], 3)
    stage.witness(f"bind(): errno {errors}", errors == ["EADDRINUSE"])


def bind_and_connect(port: int, count: int) -> list[str]:
    """The errors of so many bind() to port 0, each before a connect()."""
    local: Address = ("127.0.0.1", 0)
    kept = [socket.socket() for _ in range(count)]
    errors: list[str] = []
    for one in kept:
        try:
            one.bind(local)
            one.connect(("127.0.0.1", port))
        except OSError as error:
            errors.append(errno.errorcode[error.errno or 0])
    return errors
