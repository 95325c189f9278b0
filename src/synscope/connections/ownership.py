"""Which units of kernel work belong to a connection, and which of its sides each was done for."""

from bisect import bisect_right
from collections.abc import Iterator, Sequence
from typing import NamedTuple

import numpy as np

from synscope.connections.half import moment
from synscope.connections.model import SideName
from synscope.connections.nesting import Nesting, process_lane, softirq_lane
from synscope.connections.rows import EventRow, HalfRow
from synscope.connections.segments import Captured
from synscope.connections.units import Units
from synscope.events.trace import Rows, Trace
from synscope.events.wire import MILESTONE, Side

_CLIENT: SideName = "client"
_SERVER: SideName = "server"
_STARTS_TO_LISTEN = ("inet_csk_listen_start", "__inet_listen_sk", "inet_listen")
_IN_A_CALL = ("socket", "bind", "listen", "connect", "accepted")

Sides = dict[int, SideName]
"""Unit to the side that it was done for."""


class Parts(NamedTuple):
    """The halves of one connection, its listener and its segments."""

    client: HalfRow | None
    server: HalfRow | None
    listener: HalfRow | None
    captured: Sequence[Captured]


class Owners:
    """The units of each connection, by the rules that `of` states."""

    def __init__(self, trace: Trace, halves: Rows, nesting: Nesting, units: Units) -> None:
        self._nesting, self._units = nesting, units
        self._timed = trace.header.calls_clock == "ns"
        own = halves["side"] != Side.LISTENER
        self._of_halves = frozenset(halves["cookie"][own].tolist())
        self._cookies, self._connects = halves["cookie"], halves["t"][:, MILESTONE["connect"]]
        names = (function.name for function in trace.footer.functions)
        listens = [at for at, name in enumerate(names) if name in _STARTS_TO_LISTEN]
        rows = np.isin(trace.calls["function"][nesting.order], listens)
        self._start_to_listen = frozenset(units.of_place[rows].tolist())
        self._listeners: dict[int, list[int]] = {}

    def of(self, parts: Parts) -> Sides:
        """The units of the connection with these halves and segments.

        A unit is theirs whose calls worked on one of their sockets, on the side whose socket that was
        more often. One that worked on no half's socket is theirs if a half reached a milestone in it, or
        one of the segments was seen in it. The listener's own, up to the one that made it listen, are
        every connection's of that listener.
        """
        votes: dict[int, int] = {}  # above 0: the client's
        for row, sign in ((parts.client, 1), (parts.server, -1)):
            for unit, count in self._votes(row).items():
                votes[unit] = votes.get(unit, 0) + sign * count
        found: Sides = {unit: _CLIENT if count > 0 else _SERVER for unit, count in votes.items()}
        if parts.server is not None and parts.server.listener:
            found = dict.fromkeys(self._listening(parts.server.listener), _SERVER) | found
        if self._timed:
            found = dict(self._by_time(parts)) | found
        return found

    def is_half(self, cookie: int) -> bool:
        """Whether the cookie is of some half, and not of a listener or of none that is in the trace."""
        return cookie in self._of_halves

    def _votes(self, row: HalfRow | None) -> dict[int, int]:
        if row is None:
            return {}
        votes = self._units.votes(row.cookie)
        starts = sorted(self._connects[self._cookies == row.cookie].tolist())
        if not self._timed or len(starts) < 2:
            return votes
        # several connect() on one socket: what ended before the next began is the one before's
        own = max(0, bisect_right(starts, row.t[MILESTONE["connect"]]) - 1)
        return {unit: count for unit, count in votes.items() if self._attempt(starts, unit) == own}

    def _attempt(self, starts: Sequence[int], unit: int) -> int:
        return max(0, bisect_right(starts, int(self._nesting.exit[self._units.root[unit]])) - 1)

    def _listening(self, cookie: int) -> list[int]:
        if cookie not in self._listeners:
            worked = sorted(self._units.votes(cookie))
            units = [unit for unit in worked if self._units.cookies(unit) == {cookie}]
            last = max((at for at, unit in enumerate(units) if unit in self._start_to_listen), default=-1)
            self._listeners[cookie] = units[: last + 1]
        return self._listeners[cookie]

    def _by_time(self, parts: Parts) -> Iterator[tuple[int, SideName]]:
        rows = ((parts.listener, _SERVER), (parts.client, _CLIENT), (parts.server, _SERVER))
        for row, side in rows:
            for unit in self._milestones(row):
                yield unit, side
        for segment, sent, received, dropped in parts.captured:
            receiver = _SERVER if segment.source == _CLIENT else _CLIENT
            for event, side in ((sent, segment.source), (received, receiver), (dropped, receiver)):
                if event is not None:
                    yield from ((unit, side) for unit in self._running(event))

    def _milestones(self, row: HalfRow | None) -> Iterator[int]:
        """The system calls in which the half's own thread reached its milestones."""
        if row is None or not row.tid:
            return
        for name in _IN_A_CALL:
            t = moment(row, name)
            if t is not None:
                yield from self._free(process_lane(row.tid), t)

    def _running(self, event: EventRow) -> Iterator[int]:
        """What ran where the event was seen: softirq work on its CPU, or else the thread."""
        found = list(self._free(softirq_lane(event.cpu), event.t))
        yield from found or self._free(process_lane(event.tid), event.t)

    def _free(self, lane: int, t: int) -> Iterator[int]:
        """The unit on `lane` at `t`, unless it worked on some half's socket."""
        unit = self._units.at(lane, t)
        if unit is not None and self._of_halves.isdisjoint(self._units.cookies(unit)):
            yield unit
