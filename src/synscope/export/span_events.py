"""What happened within a span: changes of state, segments that left and came, and findings."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING

import msgspec

from synscope.views.facts import flag_names

if TYPE_CHECKING:
    from synscope.connections.model import Connection, SideName

Value = str | int | bool

STATES = {
    "CLOSE": "closed",
    "CLOSE_WAIT": "close_wait",
    "CLOSING": "closing",
    "ESTABLISHED": "established",
    "FIN_WAIT1": "fin_wait_1",
    "FIN_WAIT2": "fin_wait_2",
    "LAST_ACK": "last_ack",
    "LISTEN": "listen",
    "SYN_RECV": "syn_received",
    "SYN_SENT": "syn_sent",
    "TIME_WAIT": "time_wait",
}
"""The kernel's states as `network.connection.state` has them; NEW_SYN_RECV is the kernel's alone."""


class Event(msgspec.Struct, frozen=True):
    """Something at one time, ns of CLOCK_MONOTONIC."""

    name: str
    t_ns: int
    attributes: dict[str, Value]


def events_of(connection: Connection, side: SideName, start: int, end: int, root: bool) -> Iterator[Event]:
    """A side's events from `start` on, in time order; the connection's findings at the root's end."""
    own = sorted((*_states(connection, side), *_segments(connection, side)), key=lambda event: event.t_ns)
    # a listener's states may be days older
    yield from (event for event in own if event.t_ns >= start)
    if root:
        yield from _findings(connection, end)


def _states(connection: Connection, side: SideName) -> Iterator[Event]:
    for change in connection.transitions:
        if change.side == side:
            told = {
                "network.connection.state": STATES.get(change.target),
                "synscope.state": change.target,
                "synscope.function": change.by,
            }
            yield Event("state", change.t_ns, known(told))


def _segments(connection: Connection, side: SideName) -> Iterator[Event]:
    for segment in connection.segments:
        sent = segment.source == side
        t = segment.sent_ns if sent else segment.received_ns
        if t is not None:
            told: dict[str, Value | None] = {
                "synscope.segment.flags": flag_names(segment.flags),
                "synscope.segment.seq": segment.seq,
                "synscope.segment.ack": segment.ack,
                "synscope.segment.retransmission": segment.retransmission,
                "synscope.segment.dropped": segment.dropped,
            }
            yield Event("segment sent" if sent else "segment received", t, known(told))


def _findings(connection: Connection, end: int) -> Iterator[Event]:
    for finding in connection.findings:
        told = {
            "synscope.finding": finding.code,
            "synscope.severity": finding.severity,
            "synscope.summary": finding.summary,
            "synscope.remedy": finding.remedy or None,
        }
        yield Event("finding", end, known(told))


def known(attributes: Mapping[str, Value | None]) -> dict[str, Value]:
    """Those that are known."""
    return {key: value for key, value in attributes.items() if value is not None}
