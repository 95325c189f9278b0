"""From a trace to its connections: what views, exports and rules start from.

Pairing and ordering work on columns of all halves; objects are made only for the connections that are
asked for.
"""

from collections.abc import Iterator, Sequence
from operator import attrgetter
from typing import Literal, overload

import numpy as np

from synscope.connections.edges import Edges
from synscope.connections.flows import Flows, in_order
from synscope.connections.forest import Forests
from synscope.connections.half import half_of, listener_of, listener_steps, transitions_of
from synscope.connections.inferred import inferred_segments
from synscope.connections.join import join
from synscope.connections.milestones import milestones
from synscope.connections.model import Connection, Transition
from synscope.connections.operations import SocketOperations
from synscope.connections.outcome import errno_of, outcome_of
from synscope.connections.phases import Phases, total_ns
from synscope.connections.rows import HalfRow, half_row
from synscope.connections.segments import Captured, SegmentIndex
from synscope.connections.stacks import Stacks
from synscope.events.decode import AF_INET, AF_INET6, first_seen, is_mapped, latest
from synscope.events.trace import Trace
from synscope.events.wire import HALF_TRANSITIONS, Side

_FAMILIES: dict[int, Literal["inet", "inet6"]] = {AF_INET: "inet", AF_INET6: "inet6"}


def connections(trace: Trace, limit: int | None = None) -> list[Connection]:
    """The trace's connections in the order of their first milestones, at most `limit` of them."""
    return Connections(trace)[:limit]


def iter_connections(trace: Trace) -> Iterator[Connection]:
    """The same, made one by one as they are asked for: `c1` first."""
    return iter(Connections(trace))


def count(trace: Trace) -> int:
    """How many connections the trace has, without making any."""
    return len(join(latest(trace.halves)).client_index)


class Connections(Sequence[Connection]):
    """A trace's connections in the order of their first milestones, `c1` at 0.

    Each is made anew whenever it is asked for, and only then. `calls` False leaves out their call
    forests: half of the time and two thirds of the memory that a connection of a `path` trace takes.
    """

    def __init__(self, trace: Trace, *, calls: bool = True) -> None:
        self._trace = trace
        self._halves = latest(trace.halves)
        first = first_seen(self._halves)
        self._pairs = in_order(join(self._halves), first)
        self._operations = SocketOperations(trace)
        self._stacks = Stacks(trace.footer.stacks, Edges(trace.footer.edges, trace.footer.operations))
        self._segments = SegmentIndex(trace)
        self._flows = Flows(self._pairs, self._halves, first)
        self._phases = Phases(trace, self._stacks)
        self._forests = Forests(trace, self._halves, self._stacks, self._operations) if calls else None
        listeners = np.flatnonzero(self._halves["side"] == Side.LISTENER)
        cookies = self._halves["cookie"][listeners].tolist()
        self._listening: dict[int, int] = dict(zip(cookies, listeners.tolist(), strict=True))
        self._listeners: dict[int, HalfRow | None] = {}

    def __len__(self) -> int:
        return len(self._pairs.client_index)

    def __iter__(self) -> Iterator[Connection]:
        return map(self._connection, range(len(self)))

    @overload
    def __getitem__(self, at: int) -> Connection: ...

    @overload
    def __getitem__(self, at: slice) -> list[Connection]: ...

    def __getitem__(self, at: int | slice) -> Connection | list[Connection]:
        chosen = range(len(self))[at]
        return self._connection(chosen) if isinstance(chosen, int) else [self._connection(n) for n in chosen]

    def _connection(self, at: int) -> Connection:
        client, server = rows = [self._row(int(index[at])) for index in self._pairs]
        known = [row for row in rows if row is not None]
        listener = None if server is None else self._listener(server.listener)
        captured = self._captured(at, client, server)
        shown = [one.segment for one in captured]
        phases = self._phases.of(client, server, captured)
        return Connection(
            id=f"c{at + 1}",
            outcome=outcome_of(client, server),
            errno=errno_of(client, server),
            family=_FAMILIES.get(known[0].family),
            mapped=any(_mapped(row) for row in known),
            client=None
            if client is None
            else half_of(
                client,
                self._trace,
                total_ns=total_ns(phases, "client"),
                ops=self._operations.of(client.cookie),
            ),
            server=None
            if server is None
            else half_of(
                server,
                self._trace,
                listener_of(server),
                total_ns(phases, "server"),
                self._operations.of(server.cookie),
            ),
            milestones=milestones(client, server, listener, shown),
            transitions=self._transitions(client, server, listener),
            segments=tuple(shown or inferred_segments(client, server)),
            phases=phases,
            calls=self._forests.of(client, server, listener, captured) if self._forests else (),
            lost=self._lost(known),
        )

    def _row(self, index: int) -> HalfRow | None:
        return half_row(self._halves[index]) if index >= 0 else None

    def _listener(self, cookie: int) -> HalfRow | None:
        """Read once for all its connections."""
        if cookie not in self._listeners:
            self._listeners[cookie] = self._row(self._listening.get(cookie, -1))
        return self._listeners[cookie]

    def _captured(self, at: int, client: HalfRow | None, server: HalfRow | None) -> list[Captured]:
        if not len(self._segments):
            return []
        return self._segments.captured(self._flows.of(at, client, server))

    def _transitions(
        self, client: HalfRow | None, server: HalfRow | None, listener: HalfRow | None
    ) -> tuple[Transition, ...]:
        changes: list[Transition] = []
        if listener is not None:
            changes += transitions_of(listener_steps(listener), "server", self._stacks)
        if client is not None:
            changes += transitions_of(client.transitions, "client", self._stacks)
        if server is not None:
            changes += transitions_of(server.transitions, "server", self._stacks)
        return tuple(sorted(changes, key=attrgetter("t_ns")))

    def _lost(self, rows: Sequence[HalfRow]) -> dict[str, int]:
        """The whole trace's losses, for any may be this connection's, and what its rows had no room for."""
        beyond = sum(max(0, row.transition_count - HALF_TRANSITIONS) for row in rows)
        own = {f"half: transitions after the first {HALF_TRANSITIONS}": beyond} if beyond else {}
        return dict(self._trace.footer.lost) | own


def _mapped(row: HalfRow) -> bool:
    return is_mapped(row.local, row.family) or is_mapped(row.remote, row.family)
