"""Run in the guest, under trace: attempts of many kinds, each reported by the process that made it.

`workload.py kinds` makes one of each; `workload.py pair` one between two processes, under function_graph
where a third word names the tracefs. A report: {kind, errno, client, server}, a side {port, cookie, pid, tid}
or null; of a pair also `window`, what function_graph saw: from, until, ns of CLOCK_MONOTONIC.
`workload.py waits` says its tid and waits in accept() until it is killed.
"""

import os
import signal
import socket
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from support.prelude import (
    MPTCP,
    accept_null,
    client,
    cookie,
    listen,
    myself,
    name,
    reset_on_close,
    say,
)

Side = dict[str, Any]
KINDS: dict[str, Callable[[str], None]] = {}
NOWHERE = ("203.0.113.1", 80)  # TEST-NET-3: no route leads there
PROHIBITED = ("198.51.100.1", 80)  # TEST-NET-2: the guest's script has prohibited it
PORTS = Path("/proc/sys/net/ipv4/ip_local_port_range")
COOKIES = Path("/proc/sys/net/ipv4/tcp_syncookies")


def kind(function: Callable[[str], None]) -> Callable[[str], None]:
    """Adds an attempt to `KINDS`, called with its own name."""
    KINDS[function.__name__] = function
    return function


def side(sock: socket.socket) -> Side:
    """What a process knows of its end."""
    me = myself()
    return {"port": sock.getsockname()[1], "cookie": cookie(sock), "pid": me["pid"], "tid": me["tid"]}


def tell(kind: str, active: socket.socket, passive: socket.socket | None = None, code: int = 0) -> None:
    """One report."""
    say(kind=kind, errno=name(code), client=side(active), server=side(passive) if passive else None)


def exchange(kind: str, listener: socket.socket, active: socket.socket, address: Any = None) -> None:
    """connect(), accept(), report, close both."""
    code = active.connect_ex(address or listener.getsockname())
    with active, listener.accept()[0] as passive:
        tell(kind, active, passive, code)


def fails(kind: str, active: socket.socket, address: Any) -> None:
    """A connect() that must fail."""
    with active:
        tell(kind, active, code=active.connect_ex(address))


@kind
def v4(kind: str) -> None:
    exchange(kind, listen(), client())


@kind
def v6(kind: str) -> None:
    exchange(kind, listen("::1"), client("::1"))


@kind
def mapped_to_v4(kind: str) -> None:
    listener = listen()
    exchange(kind, listener, client("::"), ("::ffff:127.0.0.1", listener.getsockname()[1]))


@kind
def v4_to_dual(kind: str) -> None:
    listener = listen("::")
    exchange(kind, listener, client(), ("127.0.0.1", listener.getsockname()[1]))


@kind
def mapped_to_dual(kind: str) -> None:
    listener = listen("::")
    exchange(kind, listener, client("::"), ("::ffff:127.0.0.1", listener.getsockname()[1]))


@kind
def two_processes(kind: str) -> None:
    pair(kind, None)


@kind
def nonblocking(kind: str) -> None:
    active = client()
    active.setblocking(False)
    exchange(kind, listen(), active)


@kind
def refused(kind: str) -> None:
    fails(kind, client(), ("127.0.0.1", 1))


@kind
def refused_v6(kind: str) -> None:
    fails(kind, client("::1"), ("::1", 1))


@kind
def no_route(kind: str) -> None:
    fails(kind, client(), NOWHERE)


@kind
def prohibited(kind: str) -> None:
    fails(kind, client(), PROHIBITED)


@kind
def bound(kind: str) -> None:
    active = client()
    active.bind(("127.0.0.1", 0))
    exchange(kind, listen(), active)


@kind
def no_port(kind: str) -> None:
    """Two ports to choose from, and both taken towards that listener."""
    listener, before = listen(), PORTS.read_text()
    PORTS.write_text("50000 50001")
    kept = [client() for _ in range(3)]
    codes = [active.connect_ex(listener.getsockname()) for active in kept]
    for active, code in zip(kept, codes, strict=True):
        passive = None if code else listener.accept()[0]
        tell(kind if code else "bound", active, passive, code)
    PORTS.write_text(before)


@kind
def full_queue(kind: str) -> None:
    """The accept queue of one place is taken: the next SYN is dropped, and one retransmission of it."""
    listener, first, second = listen(backlog=0), client(), client()
    first.connect(listener.getsockname())
    second.setsockopt(socket.IPPROTO_TCP, socket.TCP_SYNCNT, 1)
    fails(kind, second, listener.getsockname())
    with first, listener.accept()[0] as passive:
        tell("v4", first, passive)


@kind
def given_up(kind: str) -> None:
    """Closed before any answer came, for none could come."""
    listener, first, second = listen(backlog=0), client(), client()
    first.connect(listener.getsockname())
    second.setblocking(False)
    fails(kind, second, listener.getsockname())
    with first, listener.accept()[0] as passive:
        tell("v4", first, passive)


@kind
def never_accepted(kind: str) -> None:
    listener, active = listen(), client()
    tell(kind, active, code=active.connect_ex(listener.getsockname()))
    active.close()
    listener.close()


@kind
def fast_open(kind: str) -> None:
    """The cookie is asked for, then the SYN bears data."""
    listener = listen()
    listener.setsockopt(socket.IPPROTO_TCP, socket.TCP_FASTOPEN, 16)
    for round_name in ("fast_open_asked", kind):
        active = client()
        active.sendto(b"hello", socket.MSG_FASTOPEN, listener.getsockname())
        with active, listener.accept()[0] as passive:
            assert passive.recv(5) == b"hello"
            tell(round_name, active, passive)


@kind
def multipath(kind: str) -> None:
    exchange(kind, listen(protocol=MPTCP), client(protocol=MPTCP))


@kind
def itself(kind: str) -> None:
    """The simultaneous open of RFC 9293 section 3.5, with itself."""
    active = client()
    active.bind(("127.0.0.1", 0))
    with active:
        tell(kind, active, code=active.connect_ex(active.getsockname()))


@kind
def refused_then_again(kind: str) -> None:
    active = client()
    tell("refused", active, code=active.connect_ex(("127.0.0.1", 1)))
    exchange(kind, listen(), active)


@kind
def reset_by_server(kind: str) -> None:
    listener, active = listen(), client()
    active.connect(listener.getsockname())
    with active, listener.accept()[0] as passive:
        reset_on_close(passive)
        tell(kind, active, passive)


@kind
def null_address(kind: str) -> None:
    listener, active = listen(), client()
    active.connect(listener.getsockname())
    with active, accept_null(listener) as passive:
        tell(kind, active, passive)


@kind
def syn_cookie(kind: str) -> None:
    before = COOKIES.read_text()
    COOKIES.write_text("2")  # always, not only when the queue is full
    exchange(kind, listen(), client())
    COOKIES.write_text(before)


def pair(kind: str, tracing_on: Path | None) -> None:
    """The client in a process of its own; what is between the first socket() and accept() is traced."""
    reading, writing = os.pipe()
    switch(tracing_on, "1")
    begin = time.monotonic_ns()
    listener = listen()
    child = os.fork()
    if child == 0:
        active = client()
        active.connect(listener.getsockname())
        os.write(writing, repr(side(active)).encode())
        signal.pause()  # what it has open shall not be closed under trace
    passive, _ = listener.accept()
    there = eval(os.read(reading, 1 << 12))  # our own child's repr
    end = time.monotonic_ns()
    switch(tracing_on, "0")
    say(kind=kind, errno=None, client=there, server=side(passive), window=[begin, end])
    os.kill(child, 9)
    os.waitpid(child, 0)


def waits() -> None:
    """A server that nobody connects to."""
    listener = listen()
    say(tid=myself()["tid"])
    listener.accept()


def switch(tracing_on: Path | None, value: str) -> None:
    """ftrace on or off."""
    if tracing_on is not None:
        tracing_on.write_text(value)


def main() -> None:
    """See the module's docstring."""
    if sys.argv[1] == "pair":
        pair("pair", Path(sys.argv[2], "tracing_on"))
        return
    if sys.argv[1] == "waits":
        waits()
    for word, attempt in KINDS.items():
        attempt(word)


if __name__ == "__main__":
    main()
