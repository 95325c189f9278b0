"""The way that each side of a connection took through the diagram of `tcp.transitions`.

The tracepoint tells full sockets only. What a request or a TIME_WAIT socket went through is added from
what else was seen: the listener answered the SYN, and the closing socket ended without an error.
"""

from collections.abc import Iterator
from typing import NamedTuple

from synscope.connections.model import Connection, Half, SideName, Transition
from synscope.tcp.transitions import figure

SIDES: tuple[SideName, SideName] = ("client", "server")
_REPLACED = ("FIN_WAIT2", "CLOSING")


class Step(NamedTuple):
    """One step of one side. `name` is `c1`, `c2`, … or `s1`, …; `by` and `t_ns` as in a `Transition`."""

    name: str
    side: SideName
    source: str
    target: str
    t_ns: int | None
    by: str | None

    @property
    def way(self) -> tuple[str, str]:
        """From where to where."""
        return self.source, self.target

    @property
    def drawn(self) -> bool:
        """Whether the diagram has an arrow for it; a way to CLOSE that every state has is not drawn."""
        return self.way in figure()


def state_path(connection: Connection) -> tuple[Step, ...]:
    """The steps of the client, then those of the server, each in order of time."""
    return tuple(step for side in SIDES for step in _numbered(side, _steps(connection, side)))


_Way = tuple[str, str, int | None, str | None]


def _numbered(side: SideName, ways: Iterator[_Way]) -> Iterator[Step]:
    for at, way in enumerate(ways, 1):
        yield Step(f"{side[0]}{at}", side, *way)


def _steps(connection: Connection, side: SideName) -> Iterator[_Way]:
    half = connection.client if side == "client" else connection.server
    answered = _answered(connection) if side == "server" else None
    for change in connection.transitions:
        if change.side != side:
            continue
        if (change.source, change.target) == ("LISTEN", "SYN_RECV") and answered is not None:
            yield "LISTEN", "NEW_SYN_RECV", answered, None
            yield "NEW_SYN_RECV", "SYN_RECV", change.t_ns, change.by
            answered = None
        elif change.target == "CLOSE" and change.source in _REPLACED and _ended_well(half):
            yield change.source, "TIME_WAIT", change.t_ns, change.by
        else:
            yield change.source, change.target, change.t_ns, change.by
    if answered is not None and not _has_child(connection):
        yield "LISTEN", "NEW_SYN_RECV", answered, None


def _answered(connection: Connection) -> int | None:
    """When a request was made of the SYN; None with a SYN cookie, and with Fast Open: the child was first."""
    server = connection.server
    if server is None or (server.listener is not None and server.listener.syn_cookie):
        return None
    marks = {mark.name: mark.t_ns for mark in connection.milestones if mark.side == "server"}
    asked = marks.get("request", marks.get("synack_out"))
    child = [change.t_ns for change in connection.transitions if change.target == "SYN_RECV"]
    fast = "synack_out" in marks and child and child[0] < marks["synack_out"]
    return None if fast else asked


def _has_child(connection: Connection) -> bool:
    return any(_is_clone(change) for change in connection.transitions)


def _is_clone(change: Transition) -> bool:
    return (change.source, change.target) == ("LISTEN", "SYN_RECV")


def _ended_well(half: Half | None) -> bool:
    return half is None or half.sk_err is None
