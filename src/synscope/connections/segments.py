"""The segments of one connection, out of everything that devices sent and received.

A segment is seen many times: at each device it crosses, in each network namespace, and again when
it is retransmitted. And its ports are seen again when another connection uses them. So an event belongs to
the connection when its addresses, ports, time and sequence numbers all do.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any, NamedTuple

import msgspec
import numpy as np

from synscope.connections.half import drop_reason, location
from synscope.connections.model import Milestone, Segment, SideName
from synscope.connections.tuples import ends_of_segments
from synscope.events.trace import Trace
from synscope.events.wire import PathKind
from synscope.tcp.header import ACK, FIN, RST, SYN, TcpHeader, parse_header

FOREVER = 2**64 - 1

_SEQUENCE = 2**32
_NEAR = 2**30  # the greatest window (RFC 7323 section 2.3): an RST must be within it
_TFO_DATA = 2**16
_NOT_DROPS = frozenset({"QUEUE_PURGE", "CONSUMED", "NOT_DROPPED_YET"})
_CHECKSUM = slice(16, 18)  # filled in by devices: it may differ from hop to hop


class Flow(msgspec.Struct, frozen=True, kw_only=True):
    """What identifies a connection's segments: ends (hashes of `tuples.Ends`), ISNs, time.

    `start_ns` ≤ t < `end_ns`; netns None where that half was not seen; `tfo`: the SYN carried data.
    """

    forward: int
    backward: int
    client_isn: int | None = None
    server_isn: int | None = None
    client_netns: int | None = None
    server_netns: int | None = None
    start_ns: int = 0
    end_ns: int = FOREVER
    tfo: bool = False

    def isns(self, source: SideName) -> tuple[int | None, int | None]:
        """The sender's ISN and its peer's."""
        ours = (self.client_isn, self.server_isn)
        return ours if source == "client" else (ours[1], ours[0])

    def netns(self, source: SideName) -> tuple[int | None, int | None]:
        """The sender's network namespace and its peer's."""
        ours = (self.client_netns, self.server_netns)
        return ours if source == "client" else (ours[1], ours[0])


class Captured(NamedTuple):
    """A segment and the rows that showed it: leaving its sender, reaching its receiver, being freed."""

    segment: Segment
    sent: Any | None
    received: Any | None
    dropped: Any | None


@dataclass
class _Passage:
    """One journey of a segment from its sender to its receiver."""

    source: SideName
    header: TcpHeader
    image: bytes
    events: list[Any] = field(default_factory=list)
    hops: set[tuple[int, int, int]] = field(default_factory=set)

    def add(self, event: Any) -> None:
        self.events.append(event)
        self.hops.add(_hop(event))

    def first(self, kind: PathKind, netns: int | None, after: int = 0) -> Any | None:
        """The first event of a kind in a namespace."""
        return next(
            (e for e in self.events if e["kind"] == kind and e["netns"] == netns and e["t"] >= after), None
        )

    @property
    def is_ack(self) -> bool:
        """Neither SYN nor RST: an acknowledgement, with data or without."""
        return not self.header.bits & (SYN | RST)

    @property
    def is_data(self) -> bool:
        return bool(self.header.bits & FIN or self.events[0]["payload"])

    @property
    def dropped(self) -> Any | None:
        return next((e for e in self.events if e["kind"] == PathKind.DROPPED), None)


class SegmentIndex:
    """The segment events of a trace, found by their ends."""

    def __init__(self, trace: Trace) -> None:
        self._trace = trace
        events = trace.events
        chosen = events[np.isin(events["kind"], (PathKind.SENT, PathKind.RECEIVED, PathKind.DROPPED))]
        forward = ends_of_segments(chosen).forward
        order = np.lexsort((chosen["t"], forward))
        self._events, self._forward = chosen[order], forward[order]

    def __len__(self) -> int:
        return len(self._events)

    def captured(self, flow: Flow) -> list[Captured]:
        """The connection's segments in time order, numbered from 1."""
        passages: dict[tuple[SideName, int, int, int], list[_Passage]] = {}
        for event, source in self._of(flow):
            header = parse_header(_bytes(event))
            if header is not None and _belongs(flow, header, source) and not self._is_noise(event):
                _place(passages.setdefault(_key(source, header), []), flow, source, header, event)
        every = [passage for group in passages.values() for passage in group]
        return _numbered([_captured(self._trace, flow, one) for one in _without_data(every)])

    def _of(self, flow: Flow) -> list[tuple[Any, SideName]]:
        """Events between these ends in this time, each with the side that sent it."""
        sides: tuple[tuple[int, SideName], ...] = ((flow.forward, "client"), (flow.backward, "server"))
        found: list[tuple[Any, SideName]] = []
        for key, source in sides:
            begin, end = (
                int(np.searchsorted(self._forward, np.uint64(key), side=side)) for side in ("left", "right")
            )
            events = self._events[begin:end]
            inside = (events["t"] >= flow.start_ns) & (events["t"] < np.uint64(flow.end_ns))
            found += [(event, source) for event in events[inside]]
        return sorted(found, key=lambda pair: int(pair[0]["t"]))

    def _is_noise(self, event: Any) -> bool:
        """Buffers freed at close() are not lost segments."""
        if event["kind"] != PathKind.DROPPED:
            return False
        return drop_reason(self._trace, int(event["code"])) in _NOT_DROPS


def _belongs(flow: Flow, header: TcpHeader, source: SideName) -> bool:
    """Whether the segment's sequence numbers are of this connection's handshake, or an RST's of it."""
    isn, peer_isn = flow.isns(source)
    acked = bool(header.bits & ACK) and _is_next(header.ack, peer_isn)
    if header.bits & RST:
        near_ack = bool(header.bits & ACK) and _is_near(header.ack, peer_isn)
        return near_ack or _is_near(header.seq, isn)
    if header.bits & SYN:
        return header.seq == isn or acked
    if not acked or isn is None:
        return False
    ahead = (header.seq - isn - 1) % _SEQUENCE
    return ahead == 0 or (flow.tfo and source == "client" and ahead < _TFO_DATA)


def _is_next(number: int, isn: int | None) -> bool:
    return isn is not None and number == (isn + 1) % _SEQUENCE


def _is_near(number: int, isn: int | None) -> bool:
    return isn is not None and (number - isn) % _SEQUENCE < _NEAR


def _bytes(event: Any) -> bytes:
    data: bytes = event["header"].tobytes()
    return data[: int(event["header_len"])]


def _key(source: SideName, header: TcpHeader) -> tuple[SideName, int, int, int]:
    return source, header.seq, header.ack if header.bits & ACK else 0, header.bits


def _hop(event: Any) -> tuple[int, int, int]:
    return int(event["kind"]), int(event["netns"]), int(event["ifindex"])


def _place(group: list[_Passage], flow: Flow, source: SideName, header: TcpHeader, event: Any) -> None:
    """Put the event with the passage that it is a hop of; else a new passage begins: a retransmission."""
    data = bytearray(_bytes(event))
    data[_CHECKSUM] = b""
    image = bytes(data)
    passage = _home(group, flow, source, image, event)
    if passage is None:
        passage = _Passage(source, header, image)
        group.append(passage)
    passage.add(event)


def _home(group: list[_Passage], flow: Flow, source: SideName, image: bytes, event: Any) -> _Passage | None:
    """The latest passage that has not passed here yet, by preference one with the same bytes.

    A retransmission differs in its timestamp option, or passes its first device again.
    """
    waiting = [one for one in reversed(group) if one.dropped is None and _hop(event) not in one.hops]
    for one in waiting:
        if one.image == image:
            return one
    leaving = event["kind"] == PathKind.SENT and event["netns"] == flow.netns(source)[0]
    return waiting[0] if waiting and not leaving else None


def _captured(trace: Trace, flow: Flow, passage: _Passage) -> Captured:
    sent = _sent(flow, passage)
    received = _received(flow, passage, int(sent["t"]) if sent is not None else 0)
    dropped, header = passage.dropped, passage.header
    segment = Segment(
        n=0,
        source=passage.source,
        flags=header.flags,
        seq=header.seq,
        ack=header.ack if header.bits & ACK else None,
        window=header.window,
        options=header.options,
        sent_ns=_time(sent),
        received_ns=_time(received),
        dropped=None if dropped is None else _drop(trace, dropped),
    )
    return Captured(segment, sent, received, dropped)


def _sent(flow: Flow, passage: _Passage) -> Any | None:
    """Where it left its sender. What was freed before any device had it left at that moment."""
    netns = flow.netns(passage.source)[0]
    first = passage.events[0]
    if first["kind"] == PathKind.DROPPED:
        return first if netns is None or first["netns"] == netns else None
    if netns is None:
        return first if first["kind"] == PathKind.SENT else None
    return passage.first(PathKind.SENT, netns)


def _received(flow: Flow, passage: _Passage, after: int) -> Any | None:
    """Where it reached its receiver; of an unknown receiver, where its journey on this host ended."""
    netns = flow.netns(passage.source)[1]
    if netns is not None:
        return passage.first(PathKind.RECEIVED, netns, after)
    journey = [event for event in passage.events if event["kind"] != PathKind.DROPPED]
    return journey[-1] if journey and journey[-1]["kind"] == PathKind.RECEIVED else None


def _time(event: Any | None) -> int | None:
    return None if event is None else int(event["t"])


def _drop(trace: Trace, event: Any) -> str:
    reason = drop_reason(trace, int(event["code"])) or "NOT_SPECIFIED"
    where = location(trace, int(event["location"]))
    return f"{reason} {where}" if where else reason


def _without_data(passages: list[_Passage]) -> list[_Passage]:
    """Only the segments that make the handshake.

    Data and FIN repeat the acknowledgement that a pure ACK made before them: they count only where there
    was none. The passive side makes none at all; what it sends with these numbers is its first data.
    """
    pure = [one for one in passages if one.source == "client" and one.is_ack and not one.is_data]
    keep_data = not pure
    return [
        one for one in passages if not one.is_ack or not one.is_data or (keep_data and one.source == "client")
    ]


def _numbered(found: list[Captured]) -> list[Captured]:
    """In time order, numbered, and marked where the same flags and seq went the same way before."""
    ordered = sorted(found, key=_moment)
    seen: set[tuple[SideName, str, int]] = set()
    result = []
    for n, one in enumerate(ordered, 1):
        segment = one.segment
        key = (segment.source, segment.flags, segment.seq)
        again = msgspec.structs.replace(segment, n=n, retransmission=key in seen)
        result.append(one._replace(segment=again))
        seen.add(key)
    return result


def _moment(one: Captured) -> int:
    times = (one.segment.sent_ns, one.segment.received_ns, _time(one.dropped))
    return next((t for t in times if t is not None), 0)


_MOMENTS: tuple[tuple[str, SideName, str, SideName, bool], ...] = (
    ("syn_in", "server", "S", "client", False),
    ("synack_in", "client", "S.", "server", False),
    ("ack_out", "client", ".", "client", True),
    ("ack_in", "server", ".", "client", False),
)
"""Milestone, whose, of which flags, sent by whom, and whether it is the sending or the coming."""


def segment_milestones(segments: Sequence[Segment], side: SideName) -> Iterator[Milestone]:
    """The milestones of one side that its captured segments tell: the first of each kind."""
    for name, owner, flags, source, leaving in _MOMENTS:
        if owner != side:
            continue
        moments = (
            one.sent_ns if leaving else one.received_ns
            for one in segments
            if one.flags == flags and one.source == source
        )
        at = next((moment for moment in moments if moment is not None), None)
        if at is not None:
            yield Milestone(name, side, at)
