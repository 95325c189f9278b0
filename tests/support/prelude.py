"""What a workload has at hand: a function of a test that runs in a process of its own (see `scripts`).

Reports are JSON, one object a line, on stdout.
"""

import ctypes
import errno
import json
import os
import socket
import struct
import sys
import threading
import time  # noqa: F401
from pathlib import Path
from typing import Any

SO_COOKIE = 57  # asm-generic/socket.h; not in Python's socket module
MPTCP = 262


def name(code: int) -> str | None:
    """`"ECONNREFUSED"` for its number; None for 0."""
    return errno.errorcode[code] if code else None


def cookie(sock: socket.socket) -> int:
    """The socket's cookie as the kernel tells its owner."""
    return int(struct.unpack("Q", sock.getsockopt(socket.SOL_SOCKET, SO_COOKIE, 8))[0])


def myself() -> dict[str, Any]:
    """Who runs here, from /proc rather than from what was asked for."""
    task = Path(f"/proc/self/task/{threading.get_native_id()}")
    unified = next(x for x in Path("/proc/self/cgroup").read_text().splitlines() if x.startswith("0::"))
    return {
        "pid": os.getpid(),
        "tid": threading.get_native_id(),
        "uid": os.getuid(),
        "comm": (task / "comm").read_text().rstrip("\n"),
        "netns": Path("/proc/self/ns/net").stat().st_ino,
        "cgroup": unified.removeprefix("0::"),
    }


def rename(comm: str) -> None:
    """Give the calling thread a name."""
    Path(f"/proc/self/task/{threading.get_native_id()}/comm").write_text(comm)


def say(**facts: Any) -> None:
    """One report, in one write, so that the reports of threads and children stay whole."""
    os.write(1, (json.dumps(facts) + "\n").encode())


def hear() -> str:
    """Wait for a line from the test, or for its end of the pipe to be closed."""
    return sys.stdin.readline().rstrip("\n")


def listen(address: str = "127.0.0.1", port: int = 0, backlog: int = 128, protocol: int = 0) -> socket.socket:
    """A listening socket; a colon in the address means IPv6, dual-stack where it is `::`."""
    family = socket.AF_INET6 if ":" in address else socket.AF_INET
    listener = socket.socket(family, socket.SOCK_STREAM, protocol)
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    listener.bind((address, port))
    listener.listen(backlog)
    return listener


def client(address: str = "127.0.0.1", protocol: int = 0) -> socket.socket:
    """A socket of the address's family."""
    family = socket.AF_INET6 if ":" in address else socket.AF_INET
    return socket.socket(family, socket.SOCK_STREAM, protocol)


def reset_on_close(sock: socket.socket) -> None:
    """close() shall send an RST and leave no TIME_WAIT behind (SO_LINGER of 0)."""
    sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))


def ends(sock: socket.socket) -> dict[str, Any]:
    """Ports and cookie of a connected socket."""
    return {"port": sock.getsockname()[1], "peer_port": sock.getpeername()[1], "cookie": cookie(sock)}


def accept_null(listener: socket.socket) -> socket.socket:
    """accept() whose caller does not want the peer's address."""
    libc = ctypes.CDLL(None, use_errno=True)
    descriptor = libc.accept(listener.fileno(), None, None)
    if descriptor < 0:
        raise OSError(ctypes.get_errno(), os.strerror(ctypes.get_errno()))
    return socket.socket(fileno=descriptor)


def disconnect(sock: socket.socket) -> None:
    """connect() to AF_UNSPEC: the connection is dissolved, the socket is as new (connect(2))."""
    libc = ctypes.CDLL(None, use_errno=True)
    if libc.connect(sock.fileno(), bytes(16), 16):
        raise OSError(ctypes.get_errno(), os.strerror(ctypes.get_errno()))
