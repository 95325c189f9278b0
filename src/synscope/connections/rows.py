"""Rows of the wire as plain Python values, for what looks at one connection at a time.

A field of a numpy row costs up to a µs to read, one of these a fiftieth of that; a connection needs
hundreds. The names and their order are those of `events.wire`, except that `from` is no name in Python.
"""

from collections.abc import Iterable
from typing import Any, NamedTuple

from synscope.events.trace import Rows


class Step(NamedTuple):
    """A row of `wire.TRANSITION`: one change of state."""

    t: int
    stack: int
    source: int
    target: int
    pad: int


class HalfRow(NamedTuple):
    """A row of `wire.HALF`, its times as a list and `transitions` cut to those that it holds."""

    cookie: int
    listener: int
    cgroup: int
    drop_location: int
    t: list[int]
    local: bytes
    remote: bytes
    comm: bytes
    netns: int
    pid: int
    tid: int
    uid: int
    isn: int
    peer_isn: int
    backlog: int
    backlog_max: int
    lport: int
    rport: int
    error: int
    sk_err: int
    sk_err_soft: int
    flags: int
    drop_reason: int
    side: int
    fate: int
    family: int
    attempt: int
    transition_count: int
    syn_retransmits: int
    synack_retransmits: int
    known: int
    header_len: int
    pad: bytes
    header: bytes
    pad2: bytes
    transitions: list[Step]


class EventRow(NamedTuple):
    """A row of `wire.PATH_EVENT`."""

    t: int
    cookie: int
    location: int
    code: int
    stack: int
    netns: int
    pid: int
    tid: int
    kind: int
    family: int
    payload: int
    header_len: int
    syscall: int
    ifindex: int
    saddr: bytes
    daddr: bytes
    header: bytes
    cpu: int


_TIMES, _TRANSITIONS = (HalfRow._fields.index(name) for name in ("t", "transitions"))
_COUNT = HalfRow._fields.index("transition_count")


def half_row(row: Any) -> HalfRow:
    """One row of `wire.HALF` (a numpy.void)."""
    values = list(row.item())
    values[_TIMES] = values[_TIMES].tolist()
    values[_TRANSITIONS] = [Step._make(step) for step in values[_TRANSITIONS][: values[_COUNT]].tolist()]
    return HalfRow._make(values)


def event_row(row: Any) -> EventRow:
    """One row of `wire.PATH_EVENT` (a numpy.void)."""
    return EventRow._make(row.item())


def event_rows(rows: Rows) -> list[EventRow]:
    """Rows of `wire.PATH_EVENT`."""
    every: Iterable[Any] = rows.tolist()
    return [EventRow._make(values) for values in every]
