"""From a trace to its connections: the one function that views, exports and rules start from.

Pairing and ordering work on columns of all halves; objects are made only for the connections that are
asked for.
"""

from collections.abc import Iterator, Sequence
from itertools import islice
from typing import Literal

import numpy as np

from synscope.connections.calls import SystemCall, call_forest
from synscope.connections.half import (
    Row,
    half_of,
    listener_milestones,
    listener_of,
    listener_steps,
    milestones_of,
    moment,
    transitions_of,
)
from synscope.connections.inferred import inferred_segments, isns_of
from synscope.connections.join import Pairs, join
from synscope.connections.model import Call, Connection, Milestone, Segment, SideName, Transition
from synscope.connections.outcome import errno_of, outcome_of
from synscope.connections.segments import FOREVER, Captured, Flow, SegmentIndex, segment_milestones
from synscope.connections.sightings import SocketEvents, of_half, of_listener, of_segments
from synscope.connections.stacks import Stacks
from synscope.connections.syscalls import CALLS_OF_MILESTONES, SystemCalls
from synscope.connections.tuples import Ends, ends_of, mix
from synscope.events.decode import AF_INET, AF_INET6, U64, first_seen, is_mapped, latest
from synscope.events.trace import Rows, Trace
from synscope.events.wire import HALF_TRANSITIONS, MILESTONE, HalfFlag, Side


def connections(trace: Trace, limit: int | None = None) -> list[Connection]:
    """The trace's connections in the order of their first milestones, at most `limit` of them."""
    return list(islice(iter_connections(trace), limit))


def iter_connections(trace: Trace) -> Iterator[Connection]:
    """The same, made one by one as they are asked for: `c1` first."""
    workshop = _Workshop(trace)
    for at in range(len(workshop)):
        yield workshop.connection(at)


def count(trace: Trace) -> int:
    """How many connections the trace has, without making any."""
    return len(join(latest(trace.halves)).client_index)


class _Workshop:
    """A trace with the indexes that its connections are looked up in."""

    def __init__(self, trace: Trace) -> None:
        self._trace = trace
        self._halves = latest(trace.halves)
        self._first = first_seen(self._halves)
        self._pairs = _in_order(join(self._halves), self._first)
        self._stacks = Stacks(trace.footer.stacks)
        self._segments = SegmentIndex(trace)
        self._socket_events = SocketEvents(trace, self._halves)
        self._system_calls = SystemCalls(trace)
        self._ends = ends_of(self._halves)
        self._until = _until(self._pairs, self._ends, self._halves, self._first)
        listeners = np.flatnonzero(self._halves["side"] == Side.LISTENER)
        self._listeners = {int(self._halves["cookie"][at]): int(at) for at in listeners}

    def __len__(self) -> int:
        return len(self._pairs.client_index)

    def connection(self, at: int) -> Connection:
        client, server = (self._row(int(index[at])) for index in self._pairs)
        listener = self._listener(server)
        captured = self._segments.captured(self._flow(at)) if len(self._segments) else []
        segments = [one.segment for one in captured] or inferred_segments(client, server)
        return Connection(
            id=f"c{at + 1}",
            outcome=outcome_of(client, server),
            errno=errno_of(client, server),
            family=_family(client if client is not None else server),
            mapped=any(row is not None and _mapped(row) for row in (client, server)),
            client=None if client is None else half_of(client, self._trace),
            server=None if server is None else half_of(server, self._trace, listener_of(server)),
            milestones=_milestones(client, server, listener, [one.segment for one in captured]),
            transitions=self._transitions(client, server, listener),
            segments=tuple(segments),
            calls=self._calls(client, server, listener, captured),
            lost=self._lost(client, server),
        )

    def _row(self, index: int) -> Row | None:
        return self._halves[index] if index >= 0 else None

    def _listener(self, server: Row | None) -> Row | None:
        return None if server is None else self._row(self._listeners.get(int(server["listener"]), -1))

    def _flow(self, at: int) -> Flow:
        client_index, server_index = (int(index[at]) for index in self._pairs)
        client, server = self._row(client_index), self._row(server_index)
        client_isn, server_isn = isns_of(client, server)
        hashes = (self._ends.forward, self._ends.backward)
        if client is None:
            hashes = (hashes[1], hashes[0])
        index = server_index if client is None else client_index
        return Flow(
            forward=int(hashes[0][index]),
            backward=int(hashes[1][index]),
            client_isn=client_isn,
            server_isn=server_isn,
            client_netns=_netns(client),
            server_netns=_netns(server),
            start_ns=_start(client),
            end_ns=int(self._until[at]),
            tfo=any(row is not None and int(row["flags"]) & HalfFlag.TFO for row in (client, server)),
        )

    def _transitions(
        self, client: Row | None, server: Row | None, listener: Row | None
    ) -> tuple[Transition, ...]:
        changes: list[Transition] = []
        if listener is not None:
            made = transitions_of(listener, "server", self._stacks)
            changes += islice(made, len(listener_steps(listener)))
        for row, side in _sides(client, server):
            changes += transitions_of(row, side, self._stacks)
        return tuple(sorted(changes, key=lambda change: change.t_ns))

    def _calls(
        self, client: Row | None, server: Row | None, listener: Row | None, captured: list[Captured]
    ) -> tuple[Call, ...]:
        sightings = list(of_segments(captured, self._stacks))
        if listener is not None:
            sightings += of_listener(listener, self._stacks, self._socket_events)
        calls = self._calls_of(listener, "server")
        for row, side in _sides(client, server):
            sightings += of_half(row, side, self._stacks, self._socket_events)
            calls += self._calls_of(row, side)
        return call_forest(sightings, calls)

    def _calls_of(self, row: Row | None, side: SideName) -> list[SystemCall]:
        if row is None or not int(row["tid"]) or not len(self._system_calls):
            return []
        times = ((name, moment(row, name)) for name in CALLS_OF_MILESTONES)
        found = (
            self._system_calls.find(int(row["tid"]), name, t_ns, side)
            for name, t_ns in times
            if t_ns is not None
        )
        return [call for call in found if call is not None]

    def _lost(self, client: Row | None, server: Row | None) -> dict[str, int]:
        """The whole trace's losses, for any may be this connection's, and what its rows had no room for."""
        rows = [row for row in (client, server) if row is not None]
        beyond = sum(max(0, int(row["transition_count"]) - HALF_TRANSITIONS) for row in rows)
        own = {f"half: transitions after the first {HALF_TRANSITIONS}": beyond} if beyond else {}
        return dict(self._trace.footer.lost) | own


def _in_order(pairs: Pairs, first: U64) -> Pairs:
    """By the first milestone of the halves themselves: a listener is older than all its connections."""
    order = np.lexsort((np.maximum(pairs.client_index, pairs.server_index), _begin(pairs, first)))
    return Pairs(pairs.client_index[order], pairs.server_index[order])


def _begin(pairs: Pairs, first: U64) -> U64:
    """The earlier of the two halves' times."""
    client, server = (np.where(index >= 0, first[index], np.uint64(FOREVER)) for index in pairs)
    begin: U64 = np.minimum(client, server)
    return begin


def _until(pairs: Pairs, ends: Ends, halves: Rows, first: U64) -> U64:
    """When the next connection began on the same ends in the same place; FOREVER for never.

    A connection begins with connect(): its socket may be older than the one before it on its ports.
    """
    connect, syn_out = (halves["t"][:, MILESTONE[name]] for name in ("connect", "syn_out"))
    begin = _begin(pairs, np.where(connect != 0, connect, np.where(syn_out != 0, syn_out, first)))
    row = np.where(pairs.client_index >= 0, pairs.client_index, pairs.server_index)
    key = np.where(pairs.client_index >= 0, ends.forward[row], ends.backward[row])
    key = mix(key, halves["netns"][row].astype(np.uint64))
    order = np.lexsort((begin, key))
    same = key[order][1:] == key[order][:-1]
    until = np.full(len(row), np.uint64(FOREVER))
    until[order[:-1][same]] = begin[order[1:][same]]
    return until


def _start(client: Row | None) -> int:
    """When a connection's segments can begin: not before connect(); without a client, at any time."""
    if client is None:
        return 0
    return moment(client, "connect") or moment(client, "syn_out") or 0


def _netns(row: Row | None) -> int | None:
    return None if row is None else int(row["netns"]) or None


def _sides(client: Row | None, server: Row | None) -> Iterator[tuple[Row, SideName]]:
    if client is not None:
        yield client, "client"
    if server is not None:
        yield server, "server"


def _milestones(
    client: Row | None, server: Row | None, listener: Row | None, captured: Sequence[Segment]
) -> tuple[Milestone, ...]:
    """In time order; of equal times, in the order of the milestones' list.

    A captured segment tells its own moment: it replaces what the socket noticed a little later.
    """
    marks = [] if listener is None else list(listener_milestones(listener))
    for row, side in _sides(client, server):
        seen = {mark.name: mark for mark in milestones_of(row, side)}
        seen |= {mark.name: mark for mark in segment_milestones(captured, side)}
        marks += seen.values()
    return tuple(sorted(marks, key=lambda mark: (mark.t_ns, MILESTONE[mark.name])))


def _family(row: Row) -> Literal["inet", "inet6"] | None:
    family = int(row["family"])
    if family == AF_INET:
        return "inet"
    return "inet6" if family == AF_INET6 else None


def _mapped(row: Row) -> bool:
    family = int(row["family"])
    return any(is_mapped(row[end].tobytes(), family) for end in ("local", "remote"))
