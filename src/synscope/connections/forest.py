"""The calls of each connection of a trace: what its sockets, its segments and its listener show of them."""

from collections.abc import Sequence
from typing import NamedTuple

from synscope.connections.calls import Sighting, SystemCall, call_forest
from synscope.connections.model import Call, SideName
from synscope.connections.rows import HalfRow
from synscope.connections.segments import Captured
from synscope.connections.sightings import SocketEvents, of_half, of_listener, of_segments
from synscope.connections.stacks import Stacks
from synscope.connections.syscalls import SystemCalls
from synscope.events.trace import Rows, Trace


class _Part(NamedTuple):
    """What one socket adds to the forest."""

    sightings: list[Sighting]
    calls: list[SystemCall]


_NOTHING = _Part([], [])


class Forests:
    """The call forests of a trace's connections, each grown when it is asked for."""

    def __init__(self, trace: Trace, halves: Rows, stacks: Stacks) -> None:
        self._stacks = stacks
        self._events = SocketEvents(trace, halves)
        self._system_calls = SystemCalls(trace)
        self._listeners: dict[int, _Part] = {}

    def of(
        self,
        client: HalfRow | None,
        server: HalfRow | None,
        listener: HalfRow | None,
        captured: Sequence[Captured],
    ) -> tuple[Call, ...]:
        """The forest of the connection with these halves and segments."""
        parts = [self._listener(listener), self._half(client, "client"), self._half(server, "server")]
        sightings = list(of_segments(captured, self._stacks))
        for part in parts:
            sightings += part.sightings
        return call_forest(sightings, (call for part in parts for call in part.calls))

    def _half(self, row: HalfRow | None, side: SideName) -> _Part:
        if row is None:
            return _NOTHING
        seen = of_half(row, side, self._stacks, self._events)
        return _Part(list(seen), list(self._system_calls.of(row, side)))

    def _listener(self, row: HalfRow | None) -> _Part:
        """The same for all its connections."""
        if row is None:
            return _NOTHING
        if row.cookie not in self._listeners:
            seen = of_listener(row, self._stacks, self._events)
            self._listeners[row.cookie] = _Part(list(seen), list(self._system_calls.of(row, "server")))
        return self._listeners[row.cookie]
