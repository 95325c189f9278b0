"""The bytes of a connection's segments, as they were captured: what the model has decoded."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal, NamedTuple

import numpy as np

from synscope.connections.rows import event_rows
from synscope.events.decode import AF_INET, is_mapped
from synscope.events.wire import PathKind
from synscope.tcp.header import parse_header

if TYPE_CHECKING:
    from synscope.connections.model import Half, Segment
    from synscope.events.trace import Trace

_BOTH_SIDES: tuple[Literal["left"], Literal["right"]] = ("left", "right")
_SENT, _RECEIVED, _DROPPED = int(PathKind.SENT), int(PathKind.RECEIVED), int(PathKind.DROPPED)


class Observed(NamedTuple):
    """A segment where it was seen.

    Attributes:
        source, target: its addresses, 4 or 16 bytes.
        header: its TCP header, options included.
        data: whether data followed; None where that was not captured.
        at_device: False where it was freed before any device had it, or where a socket got it.
    """

    t_ns: int
    netns: int
    source: bytes
    target: bytes
    header: bytes
    data: bool | None
    at_device: bool


class Observations:
    """Every captured segment of a trace, found by its time."""

    def __init__(self, trace: Trace) -> None:
        chosen = np.isin(trace.events["kind"], (_SENT, _RECEIVED, _DROPPED))
        rows = trace.events[chosen]
        self._rows = rows[np.argsort(rows["t"], kind="stable")]
        self._times = self._rows["t"].copy()
        self._halves = trace.halves
        held = np.flatnonzero(trace.halves["header_len"])
        self._held: dict[int, list[int]] = {}
        for at, cookie in zip(held.tolist(), trace.halves["cookie"][held].tolist(), strict=True):
            self._held.setdefault(cookie, []).append(at)

    def sent(self, segment: Segment) -> Observed | None:
        """As it left its sender, or was freed on its way to a device."""
        return self._at(segment, segment.sent_ns, _SENT) or self._at(segment, segment.sent_ns, _DROPPED)

    def received(self, segment: Segment, receiver: Half | None) -> Observed | None:
        """As it reached its receiver: at a device, or (record detail) as its socket tells of it."""
        if segment.inferred:
            return self._told(segment, receiver)
        return self._at(segment, segment.received_ns, _RECEIVED)

    def _at(self, segment: Segment, t_ns: int | None, kind: int) -> Observed | None:
        if t_ns is None:
            return None
        begin, end = (np.searchsorted(self._times, np.uint64(t_ns), side) for side in _BOTH_SIDES)
        for row in event_rows(self._rows[begin:end]):
            header = row.header[: row.header_len]
            if row.kind == kind and _is(segment, header):
                size = 4 if row.family == AF_INET else 16
                source, target = row.saddr[:size], row.daddr[:size]
                data, at_device = bool(row.payload), kind != _DROPPED
                return Observed(row.t, row.netns, source, target, header, data, at_device)
        return None

    def _told(self, segment: Segment, receiver: Half | None) -> Observed | None:
        """A half holds the header of the SYN-ACK or the final ACK that its socket received."""
        if receiver is None or segment.received_ns is None:
            return None
        for at in self._held.get(receiver.cookie or 0, ()):
            row = self._halves[at]
            header = row["header"].item()[: int(row["header_len"])]
            if _is(segment, header):
                family = int(row["family"])
                source, target = (_on_the_wire(row[name].item(), family) for name in ("remote", "local"))
                netns = int(row["netns"])
                return Observed(segment.received_ns, netns, source, target, header, None, False)
        return None


def _is(segment: Segment, header: bytes) -> bool:
    parsed = parse_header(header)
    return parsed is not None and (parsed.seq, parsed.flags) == (segment.seq, segment.flags)


def _on_the_wire(address: bytes, family: int) -> bytes:
    """A socket's address as packets have it: of a mapped one, the IPv4 address."""
    if family == AF_INET:
        return address[:4]
    return address[12:] if is_mapped(address, family) else address
