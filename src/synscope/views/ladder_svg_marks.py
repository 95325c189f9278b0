"""What stands beside the lanes of a drawn ladder: moments, in words, and in which context each was."""

import re
from collections.abc import Iterator, Mapping
from functools import lru_cache
from typing import Literal, NamedTuple

from synscope.connections.model import Call, Connection, Context, Milestone, Segment, SideName, Transition
from synscope.views.facts import accept_wait_ns, other
from synscope.views.ladder import CALLS, MOMENTS, about_when, tells
from synscope.views.style import Style

Kind = Literal["call", "state", "moment", "time", "drop"]

_SYSTEM_CALL = re.compile(r"_sys_(socket|bind|listen|connect|accept)4?$")
_FUNCTIONS = {"tcp_conn_request": "request", "inet_csk_complete_hashdance": "queued"}
"""Functions in which a milestone is passed without a mark of its own in the call tree."""
_NOT_IN_A_NAME = re.compile(r"[^A-Za-z0-9]+")


class Mark(NamedTuple):
    """A moment of one side.

    Attributes:
        words: what happened; "" where an arrow says it.
        short: the same for narrow paper.
        notes: by which function, how long, how full.
        key: what its calls in the tree are marked with.
        context: None where no stack says it.
        first: whether no earlier mark has the same key.
    """

    side: SideName
    t_ns: int
    kind: Kind
    words: str
    short: str
    notes: tuple[str, ...]
    key: str
    context: Context | None
    first: bool = True


class Places(NamedTuple):
    """The calls of a connection by `key`: in which context each ran; and the system calls.

    A segment is sent again from elsewhere: `exact` has them by key and time.
    """

    contexts: Mapping[str, Context]
    exact: Mapping[tuple[str, int | None], Context]
    system_calls: tuple[Call, ...]

    def context(self, key: str, t_ns: int | None) -> Context | None:
        """In which context that happened, then; None where no stack says it."""
        return self.exact.get((key, t_ns)) or self.contexts.get(key)


@lru_cache(4096)
def key_of(side: SideName, mark: str) -> str:
    """A name for what happened, the same in the ladder and in the call tree: `c-sends-Sack`."""
    return f"{side[0]}-{_NOT_IN_A_NAME.sub('-', mark.replace('.', 'ack')).strip('-')}"


def keys_of(call: Call) -> Iterator[str]:
    """The keys of a call: of each of its marks, and of the milestone that its function stands for."""
    for mark in call.marks:
        yield key_of(call.side, mark)
    name = _milestone_in(call.function)
    if name is not None:
        yield key_of(call.side, name)


@lru_cache(4096)
def _milestone_in(function: str) -> str | None:
    entry = _SYSTEM_CALL.search(function)
    return entry[1] if entry else _FUNCTIONS.get(function)


def places(connection: Connection) -> Places:
    """Of all calls, however deep they nest."""
    contexts: dict[str, Context] = {}
    exact: dict[tuple[str, int | None], Context] = {}
    waiting = list(connection.calls)
    while waiting:
        call = waiting.pop()
        for key in keys_of(call):
            contexts[key] = exact[key, call.seen_ns] = call.context
        waiting += call.children
    timed = (call for call in connection.calls if call.enter_ns is not None and call.exit_ns is not None)
    return Places(contexts, exact, tuple(call for call in timed if _SYSTEM_CALL.search(call.function)))


def marks(connection: Connection, at: Places, style: Style) -> list[Mark]:
    """All moments, in time order; what happens at one time, in order of cause."""
    found = [
        _milestone(one, connection, at, style) for one in connection.milestones if tells(one, connection)
    ]
    found += [_transition(change, at, style) for change in connection.transitions]
    for segment in connection.segments:
        found += _ends(connection, segment, at, style)
    found.sort(key=lambda one: one.t_ns)
    first = {one.key: at for at, one in reversed(list(enumerate(found)))}
    return [one._replace(first=first[one.key] == at) for at, one in enumerate(found)]


def _milestone(mark: Milestone, connection: Connection, at: Places, style: Style) -> Mark:
    said = CALLS.get(mark.name) or style.clean(MOMENTS.get(mark.name, mark.name))
    name = "accept" if mark.name == "accepted" else mark.name
    key = key_of(mark.side, name)
    context = at.context(key, mark.t_ns)
    if at.contexts and said.endswith("()"):
        context = "process"  # a system call
    kind: Kind = "call" if said.endswith("()") else "moment"
    short = "queued" if mark.name == "queued" else said
    return Mark(mark.side, mark.t_ns, kind, said, short, (*_notes(mark, connection, style),), key, context)


def _notes(mark: Milestone, connection: Connection, style: Style) -> Iterator[str]:
    listener = connection.server.listener if connection.server is not None else None
    if listener is not None and listener.backlog_max is not None:
        if mark.name == "listen":
            yield f"backlog {listener.backlog_max}"
        if mark.name == "request" and listener.backlog_at_syn is not None:
            full = ", full" if listener.backlog_at_syn > listener.backlog_max else ""
            yield f"accept queue {listener.backlog_at_syn}/{listener.backlog_max}{full}"
    waited = accept_wait_ns(connection) if mark.name == "accepted" else None
    if waited is not None:
        yield f"queued for {style.duration(waited)}"


def _transition(change: Transition, at: Places, style: Style) -> Mark:
    said = f"{style.clean(change.source)} → {style.clean(change.target)}"
    key = key_of(change.side, f"{change.source} → {change.target}")
    by = (style.clean(change.by),) if change.by is not None else ()
    short = f"→ {style.clean(change.target)}"
    return Mark(change.side, change.t_ns, "state", said, short, by, key, at.context(key, change.t_ns))


def _ends(connection: Connection, segment: Segment, at: Places, style: Style) -> Iterator[Mark]:
    """Its sender's and its receiver's time, and where it was dropped."""
    receiver = other(segment.source)
    end = segment.dropped and moment_of(connection, segment)
    for side, verb, t in (
        (segment.source, "sends", segment.sent_ns),
        (receiver, "receives", segment.received_ns),
    ):
        if t is not None and t != end:
            key = key_of(side, f"{verb} {segment.flags}")
            yield Mark(side, t, "time", "", "", (), key, at.context(key, t))
    if segment.dropped is not None:
        side = segment.source if segment.received_ns is None else receiver
        reason, _, where = style.clean(segment.dropped).partition(" ")
        key = key_of(side, f"drops {segment.flags} ({segment.dropped})")
        notes = (reason, where) if where else (reason,)
        t = moment_of(connection, segment)
        yield Mark(side, t, "drop", "✗ dropped", "✗ dropped", notes, key, at.context(key, t))


def moment_of(connection: Connection, segment: Segment) -> int:
    """When a segment was last seen; of one without times, before what it brought about."""
    times = [t for t in (segment.sent_ns, segment.received_ns) if t is not None]
    return times[-1] if times else about_when(connection, segment)


def moments(connection: Connection) -> set[int]:
    """The times that the ladder's axis has."""
    found = {mark.t_ns for mark in connection.milestones} | {one.t_ns for one in connection.transitions}
    for segment in connection.segments:
        found |= {t for t in (segment.sent_ns, segment.received_ns) if t is not None}
    return found


def flights(connection: Connection) -> list[tuple[int, int]]:
    """When each segment was under way, of those seen on both sides."""
    return [
        (one.sent_ns, one.received_ns)
        for one in connection.segments
        if one.sent_ns is not None and one.received_ns is not None
    ]
