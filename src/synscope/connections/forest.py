"""The calls of each connection of a trace: what its sockets, its segments and its listener show of them."""

from collections.abc import Sequence
from typing import NamedTuple

from synscope.connections.calls import Sighting, SystemCall, call_forest
from synscope.connections.edges import Tables
from synscope.connections.functions import FunctionCalls
from synscope.connections.model import Call, SideName
from synscope.connections.operations import SocketOperations
from synscope.connections.ownership import Parts
from synscope.connections.rows import HalfRow
from synscope.connections.segments import Captured
from synscope.connections.sightings import SocketEvents, of_half, of_listener, of_segments, of_window
from synscope.connections.stacks import Stacks
from synscope.connections.syscalls import SystemCalls
from synscope.connections.unseen import Additions, additions
from synscope.events.trace import Rows, Trace


class _Part(NamedTuple):
    """What one socket adds to the forest."""

    sightings: list[Sighting]
    calls: list[SystemCall]


_NOTHING = _Part([], [])


class Forests:
    """The call forests of a trace's connections, each grown when it is asked for."""

    def __init__(self, trace: Trace, halves: Rows, stacks: Stacks, operations: SocketOperations) -> None:
        self._stacks = stacks
        self._operations = operations
        self._text = trace.footer.text
        self._events = SocketEvents(trace, halves)
        self._system_calls = SystemCalls(trace)
        self._listeners: dict[int, _Part] = {}
        self._functions = FunctionCalls(trace, halves) if len(trace.calls) else None
        self._additions: dict[tuple[Tables, Tables], Additions] = {}

    def of(
        self,
        client: HalfRow | None,
        server: HalfRow | None,
        listener: HalfRow | None,
        captured: Sequence[Captured],
    ) -> tuple[Call, ...]:
        """The forest of the connection with these halves and segments."""
        parts = [self._listener(listener), self._half(client, "client"), self._half(server, "server")]
        own = 0 if client is None else client.cookie
        child, parent = (0, 0) if server is None else (server.cookie, server.listener)
        tables = self._operations.tables
        stacks: dict[SideName, Stacks] = {
            "client": self._stacks.through(tables(own)),
            "server": self._stacks.through(tables(parent) + tables(child)),
        }
        sightings = list(of_segments(captured, stacks))
        for part in parts:
            sightings += part.sightings
        if client is not None:
            sightings += list(of_window(client, self._events, sightings))
        calls = [call for part in parts for call in part.calls]
        if self._functions is not None:
            whole = Parts(client, server, listener, captured)
            if traced := self._functions.joined(whole, sightings, calls):
                return traced
        return call_forest(sightings, calls, self._unseen(own, own), self._unseen(parent, child))

    def _half(self, row: HalfRow | None, side: SideName) -> _Part:
        if row is None:
            return _NOTHING
        seen = of_half(row, side, self._stacks.through(self._operations.tables(row.cookie)), self._events)
        return _Part(list(seen), list(self._system_calls.of(row, side)))

    def _listener(self, row: HalfRow | None) -> _Part:
        """The same for all its connections."""
        if row is None:
            return _NOTHING
        if row.cookie not in self._listeners:
            seen = of_listener(row, self._stacks.through(self._operations.tables(row.cookie)), self._events)
            self._listeners[row.cookie] = _Part(list(seen), list(self._system_calls.of(row, "server")))
        return self._listeners[row.cookie]

    def _unseen(self, opened: int, own: int) -> Additions:
        """By the cookies of the socket that the process opened and of the one of the connection."""
        tables = self._operations.tables(opened), self._operations.tables(own)
        if tables not in self._additions:
            known = (self._operations.of(cookie) for cookie in (opened, own))
            self._additions[tables] = additions(self._text, *known)
        return self._additions[tables]
