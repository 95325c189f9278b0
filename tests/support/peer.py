"""A TCP server or client that says, one JSON object a line, what it is and what each call gave it.

`python peer.py server ADDRESS PORT COUNT BACKLOG` says {pid, tid, address, port, family}, then for
each accepted connection {address, port, peer_address, peer_port, pid, tid}.
`python peer.py client ADDRESS PORT COUNT SOURCE_PORT` says {pid, tid}, then for each connect()
{errno, address, port, peer_port, pid, tid}. Reports go to the descriptor in $REPORT_FD. A connection
is closed when stdin says so (one line) or ends.
"""

import errno
import json
import os
import socket
import sys
import threading
from typing import Any, TextIO

REPORT = os.fdopen(int(os.environ.get("REPORT_FD", "1")), "w", buffering=1)


def say(report: TextIO = REPORT, **facts: Any) -> None:
    """One line of JSON, with the pid and tid of the speaker."""
    facts |= {"pid": os.getpid(), "tid": threading.get_native_id()}
    report.write(json.dumps(facts) + "\n")


def family_of(address: str) -> socket.AddressFamily:
    """By its look: a colon means IPv6 (v4-mapped addresses too)."""
    return socket.AF_INET6 if ":" in address else socket.AF_INET


def serve(address: str, port: int, count: int, backlog: int) -> None:
    """Accept `count` connections, then keep them until stdin speaks."""
    with socket.socket(family_of(address), socket.SOCK_STREAM) as listener:
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listener.bind((address, port))
        listener.listen(backlog)
        own = listener.getsockname()
        say(address=own[0], port=own[1], family=int(listener.family))
        kept = [accept(listener) for _ in range(count)]
        sys.stdin.readline()
    for child in kept:
        child.close()


def accept(listener: socket.socket) -> socket.socket:
    """accept() one connection and report it."""
    child, peer = listener.accept()
    own = child.getsockname()
    say(address=own[0], port=own[1], peer_address=peer[0], peer_port=peer[1])
    return child


def call(address: str, port: int, count: int, source_port: int) -> None:
    """connect() `count` times, then keep the connections until stdin speaks."""
    say()
    kept = [connect(address, port, source_port) for _ in range(count)]
    sys.stdin.readline()
    for child in kept:
        child.close()


def connect(address: str, port: int, source_port: int) -> socket.socket:
    """One socket(), bind() if a source port is asked for, connect(); reports errno's name or null."""
    child = socket.socket(family_of(address), socket.SOCK_STREAM)
    if source_port:
        child.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        child.bind(("", source_port))
    code = child.connect_ex((address, port))
    own = child.getsockname()
    name = errno.errorcode.get(code, str(code)) if code else None
    say(errno=name, address=own[0], port=own[1], peer_port=port)
    return child


def main() -> None:
    """Parse four words; see the module's docstring."""
    role, address, *numbers = sys.argv[1:]
    {"server": serve, "client": call}[role](address, *map(int, numbers))


if __name__ == "__main__":
    main()
