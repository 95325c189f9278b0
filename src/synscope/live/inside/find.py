"""Which sockets are looked at: those of a process, or those of a port."""

from collections import defaultdict
from collections.abc import Collection, Iterable

import msgspec

from synscope.events.socket_wire import EVERY_FD, RowKind
from synscope.live.inside.namespace import within
from synscope.probes.inspect import SocketIterators, SocketRow
from synscope.tcp.inside import Owner
from synscope.tcp.states import State


class Found(msgspec.Struct):
    """A socket: who has it open, and, of a listener, the addresses of the children that wait.

    Attributes:
        listener: the address of the listener that a request, or a child that waits, belongs to; 0: none.
    """

    row: SocketRow
    owners: tuple[Owner, ...] = ()
    queue: tuple[int, ...] = ()
    listener: int = 0


Sockets = dict[int, Found]
"""By the address of the `struct sock`."""


def of_process(sockets: SocketIterators, pid: int, fd: int = EVERY_FD) -> Sockets:
    """What it has open, and of a listener its requests and the children that wait for accept().

    What is in a hash table is read once more through that, where the kernel locks it.
    """
    opened = _opened(sockets.open_in(pid, fd))
    found = dict(opened)
    for netns, ports in _ports(opened.values()).items():
        _add(found, _hashed(sockets, netns, ports))
    return {at: one for at, one in found.items() if at in opened or one.listener in opened}


def of_ports(sockets: SocketIterators, netns: int, ports: Collection[int]) -> Sockets:
    """Every TCP socket with one of these ports, local or remote, in that network namespace."""
    return joined(sockets.opened(netns, ports), _hashed(sockets, netns, ports))


def joined(opened: Iterable[SocketRow], hashed: list[SocketRow]) -> Sockets:
    """All of them, whoever has them."""
    found = _opened(opened)
    _add(found, hashed)
    return found


def _hashed(sockets: SocketIterators, netns: int, ports: Collection[int]) -> list[SocketRow]:
    return within(netns, lambda: sockets.hashed(ports))


def _opened(rows: Iterable[SocketRow]) -> Sockets:
    found: Sockets = {}
    for row in rows:
        at = found.setdefault(int(row.fields["sk"]), Found(row))
        comm = row.fields["comm"].decode(errors="backslashreplace")
        at.owners += (Owner(int(row.fields["pid"]), comm, int(row.fields["fd"])),)
    return found


def _ports(found: Iterable[Found]) -> dict[int, set[int]]:
    """Local ports by namespace, of what is TCP and has one."""
    ports: dict[int, set[int]] = defaultdict(set)
    for each in found:
        row = each.row.fields
        if row["kind"] == RowKind.SOCKET and row["state"] != State.CLOSE and row["port"]:
            ports[int(row["netns"])].add(int(row["port"]))
    return ports


def _add(found: Sockets, rows: list[SocketRow]) -> None:
    """Take the rows of a hash table: newer copies, what nobody has open, and who waits in which queue."""
    for row in rows:
        if row.fields["kind"] != RowKind.QUEUED:
            at = int(row.fields["sk"])
            known = found.setdefault(at, Found(row))
            known.row, known.listener = row, int(row.fields["listener"])
    for row in rows:
        child, listener = int(row.fields["sk"]), found.get(int(row.fields["listener"]))
        if row.fields["kind"] == RowKind.QUEUED and listener is not None:
            listener.queue += (child,)
            if child in found:
                found[child].listener = int(row.fields["listener"])
