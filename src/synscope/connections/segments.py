"""The segments of one connection, out of everything that devices sent and received.

A segment is seen many times: at each device it crosses, in each network namespace, and again when
it is retransmitted. And its ports are seen again when another connection uses them. So an event belongs to
the connection when its addresses, ports, time and sequence numbers all do.
"""

from operator import attrgetter
from typing import NamedTuple

import numpy as np

from synscope.connections.flow import Flow
from synscope.connections.half import drop_reason, location
from synscope.connections.model import Segment, SideName
from synscope.connections.passages import DROPPED, RECEIVED, SENT, Passage, Passages
from synscope.connections.rows import EventRow, event_rows
from synscope.connections.timeline import Timeline
from synscope.connections.tuples import ends_of_segments
from synscope.events.trace import Trace
from synscope.tcp.header import ACK, TcpHeader, parse_header

_NOT_DROPS = frozenset({"QUEUE_PURGE", "CONSUMED", "NOT_DROPPED_YET"})


class Captured(NamedTuple):
    """A segment and the rows that showed it: leaving its sender, reaching its receiver, being freed."""

    segment: Segment
    sent: EventRow | None
    received: EventRow | None
    dropped: EventRow | None


class _Found(NamedTuple):
    """A passage and its three moments."""

    passage: Passage
    sent: EventRow | None
    received: EventRow | None
    dropped: EventRow | None

    @property
    def moment(self) -> int:
        """The first of them that is known."""
        return next((event.t for event in self[1:] if event is not None), 0)


class SegmentIndex:
    """The segment events of a trace, found by their ends."""

    def __init__(self, trace: Trace) -> None:
        self._trace = trace
        rows = np.flatnonzero(np.isin(trace.events["kind"], (SENT, RECEIVED, DROPPED)))
        chosen = trace.events[rows]
        self._timeline = Timeline(ends_of_segments(chosen).forward, chosen["t"])
        self._rows = rows[self._timeline.order]

    def __len__(self) -> int:
        return len(self._timeline)

    def captured(self, flow: Flow) -> list[Captured]:
        """The connection's segments in time order, numbered from 1."""
        passages = Passages(flow)
        headers: dict[bytes, TcpHeader | None] = {}  # the hops of a segment mostly show the same bytes
        for event, source in self._of(flow):
            data = event.header[: event.header_len]
            if data not in headers:
                headers[data] = parse_header(data)
            header = headers[data]
            if header is not None and flow.owns(header, source) and not self._is_noise(event):
                passages.add(event, source, header, data)
        return _numbered(self._trace, [_found(flow, one) for one in passages.handshake()])

    def _of(self, flow: Flow) -> list[tuple[EventRow, SideName]]:
        """Events between these ends in this time, each with the side that sent it."""
        sides: tuple[tuple[int, SideName], ...] = ((flow.forward, "client"), (flow.backward, "server"))
        found: list[tuple[EventRow, SideName]] = []
        for key, source in sides:
            begin, end = self._timeline.between(key, flow.start_ns, flow.end_ns)
            found += [(event, source) for event in event_rows(self._trace.events[self._rows[begin:end]])]
        return sorted(found, key=_time)

    def _is_noise(self, event: EventRow) -> bool:
        """Buffers freed at close() are not lost segments."""
        return event.kind == DROPPED and drop_reason(self._trace, event.code) in _NOT_DROPS


def _time(pair: tuple[EventRow, SideName]) -> int:
    return pair[0].t


def _found(flow: Flow, passage: Passage) -> _Found:
    sent = passage.sent(flow)
    received = passage.received(flow, 0 if sent is None else sent.t)
    return _Found(passage, sent, received, passage.dropped)


def _numbered(trace: Trace, found: list[_Found]) -> list[Captured]:
    """In time order, numbered, and marked where the same flags and seq went the same way before."""
    seen: set[tuple[SideName, int, int]] = set()
    result = []
    for n, one in enumerate(sorted(found, key=attrgetter("moment")), 1):
        passage, sent, received, dropped = one
        key = passage.source, passage.header.bits, passage.header.seq
        segment = _segment(trace, one, n, key in seen)
        result.append(Captured(segment, sent, received, dropped))
        seen.add(key)
    return result


def _segment(trace: Trace, found: _Found, n: int, again: bool) -> Segment:
    passage, sent, received, dropped = found
    header = passage.header
    return Segment(
        n=n,
        source=passage.source,
        flags=header.flags,
        seq=header.seq,
        ack=header.ack if header.bits & ACK else None,
        window=header.window,
        options=header.options,
        sent_ns=None if sent is None else sent.t,
        received_ns=None if received is None else received.t,
        retransmission=again,
        dropped=None if dropped is None else _drop(trace, dropped),
    )


def _drop(trace: Trace, event: EventRow) -> str:
    reason = drop_reason(trace, event.code) or "NOT_SPECIFIED"
    where = location(trace, event.location)
    return f"{reason} {where}" if where else reason
