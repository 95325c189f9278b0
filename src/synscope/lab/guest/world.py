"""Makes a machine that has booted into an empty root a place where sockets and synscope work."""

import ctypes
import fcntl
import os
import socket
import struct
from pathlib import Path

MOUNTS = {
    "proc": "/proc",
    "sysfs": "/sys",
    "devtmpfs": "/dev",
    "tmpfs": "/tmp",  # noqa: S108 (the guest's own)
    "cgroup2": "/sys/fs/cgroup",
    "tracefs": "/sys/kernel/tracing",
}
CGROUP = Path("/sys/fs/cgroup/traced")
HOSTNAME = "lab"
MODULES = Path("/modules")
"""In a guest that plays scenarios: those to load, in the order of their names."""

_NR_FINIT_MODULE = 313  # x86-64
_SIOCSIFFLAGS = 0x8914
_UP = 0x1 | 0x40  # IFF_UP, IFF_RUNNING
_RNDADDENTROPY = 0x40085203
_SEED = bytes(range(64))


def prepare() -> None:
    """Mount, name, bring up loopback, make the cgroup. Raises OSError."""
    for kind, target in MOUNTS.items():
        _mount(kind, target)
    _seed()
    for module in sorted(MODULES.glob("*")):
        _load(module)
    socket.sethostname(HOSTNAME)
    _bring_up("lo")
    CGROUP.mkdir()


def _mount(kind: str, target: str) -> None:
    Path(target).mkdir(parents=True, exist_ok=True)
    libc = ctypes.CDLL(None, use_errno=True)
    if libc.mount(kind.encode(), target.encode(), kind.encode(), 0, None):
        raise _error(f"mount {kind}", target)


def _load(module: Path) -> None:
    """finit_module(2), which libc has no function for."""
    libc = ctypes.CDLL(None, use_errno=True)
    with module.open("rb") as file:
        if libc.syscall(_NR_FINIT_MODULE, file.fileno(), b"", 0):
            raise _error("load a module", str(module))


def _error(what: str, path: str) -> OSError:
    number = ctypes.get_errno()
    return OSError(number, f"{what}: {os.strerror(number)}", path)


def _seed() -> None:
    """Nothing here is random, and the kernel would wait for something that is (random(4), rand_pool_info)."""
    with Path("/dev/urandom").open("wb") as device:
        fcntl.ioctl(device, _RNDADDENTROPY, struct.pack("ii", 8 * len(_SEED), len(_SEED)) + _SEED)


def _bring_up(interface: str) -> None:
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as control:
        fcntl.ioctl(control, _SIOCSIFFLAGS, struct.pack("16sH14x", interface.encode(), _UP))
