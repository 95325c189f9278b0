"""What a connection's stacks show, each with the side that it belongs to and what was seen there."""

from collections.abc import Iterable, Iterator, Mapping, Sequence

import numpy as np

from synscope.connections.calls import Sighting
from synscope.connections.effects import inlined_leaf, with_inlined
from synscope.connections.half import listener_steps, moment, states_of
from synscope.connections.model import SideName
from synscope.connections.rows import EventRow, HalfRow, Step, event_row, event_rows
from synscope.connections.segments import Captured
from synscope.connections.stacks import Stacks
from synscope.connections.timeline import Timeline
from synscope.events.trace import Rows, Trace
from synscope.events.wire import MILESTONE, PathKind
from synscope.tcp.errnos import errno_name
from synscope.tcp.states import State

_SYN_SENT = int(State.SYN_SENT)
_ROUTE, _TIMER, _WINDOW = PathKind.ROUTE, PathKind.TIMER, PathKind.WINDOW
_NEVER = 1 << 64
_NOT_THERE = "EAGAIN"  # what a table says that has no such route: the next one is asked
_AWAITED: dict[SideName, str] = {"client": "SYN", "server": "SYN-ACK"}
_TABLES = {253: "default", 254: "main", 255: "local"}  # enum rt_class_t, include/uapi/linux/rtnetlink.h


class SocketEvents:
    """SOCKET, ACCEPT, ROUTE, TIMER and WINDOW events, found by the half that they are about."""

    def __init__(self, trace: Trace, halves: Rows) -> None:
        self._events = events = trace.events
        created, accepted = (
            np.flatnonzero(events["kind"] == kind) for kind in (PathKind.SOCKET, PathKind.ACCEPT)
        )
        self._created = Timeline(events["tid"][created], events["t"][created])
        self._accepted = Timeline(events["cookie"][accepted], events["t"][accepted])
        self._created_rows = created[self._created.order]
        self._accepted_rows = accepted[self._accepted.order]
        times = halves["t"][:, MILESTONE["socket"]]
        known = np.flatnonzero(times)
        self._sockets = Timeline(halves["tid"][known], times[known])
        effects = np.flatnonzero(np.isin(events["kind"], (_ROUTE, _TIMER, _WINDOW)))
        self._effects = Timeline(events["cookie"][effects], events["t"][effects])
        self._effect_rows = effects[self._effects.order]
        self._attempts = Timeline(halves["cookie"], halves["t"][:, MILESTONE["connect"]])

    def creation(self, row: HalfRow) -> EventRow | None:
        """inet_create()'s event: the thread's last before the row's `socket` and after any earlier one."""
        at = moment(row, "socket")
        place = None if at is None else self._created.last(row.tid, at)
        if at is None or place is None:
            return None
        begin, end = self._sockets.between(row.tid, 0, at)
        if end > begin and self._created.time(place) <= self._sockets.time(end - 1):
            return None
        return event_row(self._events[self._created_rows[place]])

    def acceptance(self, row: HalfRow) -> EventRow | None:
        """accept()'s event for the row's socket."""
        begin, end = self._accepted.span(row.cookie)
        return event_row(self._events[self._accepted_rows[begin]]) if begin < end else None

    def effects(self, row: HalfRow, *kinds: PathKind) -> list[EventRow]:
        """Events of these kinds in the row's attempt to connect, or, of a server half, in all of its life."""
        start = moment(row, "connect") or 0
        later, beyond = self._attempts.between(row.cookie, start + 1, _NEVER)
        until = self._attempts.time(later) if later < beyond else _NEVER
        begin, end = self._effects.between(row.cookie, start, until)
        found = event_rows(self._events[self._effect_rows[begin:end]])
        return [event for event in found if event.kind in kinds]


def of_states(steps: Iterable[Step], side: SideName, stacks: Stacks) -> Iterator[Sighting]:
    """Each change of state in the function that made it."""
    for step in steps:
        yield from _sighting(stacks, step.stack, step.t, side, " → ".join(states_of(step)))


def of_half(row: HalfRow, side: SideName, stacks: Stacks, events: SocketEvents) -> Iterator[Sighting]:
    """A half's changes of state, its creation and its accept(), its routes and its timers."""
    yield from of_states(row.transitions, side, stacks)
    yield from _of_effects(row, side, stacks, events)
    yield from _of_event(events.creation(row), side, stacks, "creates the socket")
    yield from _of_event(events.acceptance(row), side, stacks, "accepted")


def of_listener(row: HalfRow, stacks: Stacks, events: SocketEvents) -> Iterator[Sighting]:
    """How the listening socket came to listen."""
    yield from of_states(listener_steps(row), "server", stacks)
    yield from _of_event(events.creation(row), "server", stacks, "creates the socket")


def of_window(row: HalfRow, events: SocketEvents, others: Sequence[Sighting]) -> Iterator[Sighting]:
    """tcp_connect_init of a client, which no stack shows, below the tcp_connect that `others` show."""
    for event in events.effects(row, _WINDOW):
        path = inlined_leaf(_WINDOW, [other.path for other in others if other.side == "client"])
        if path is not None:
            yield Sighting(t_ns=event.t, side="client", path=path, mark="")


def _of_effects(row: HalfRow, side: SideName, stacks: Stacks, events: SocketEvents) -> Iterator[Sighting]:
    left_close = next((step.t for step in row.transitions if step.target == _SYN_SENT), _NEVER)
    for event in events.effects(row, _ROUTE, _TIMER):
        path = stacks.path(event.stack)
        if path is None:
            continue
        path = with_inlined(path, PathKind(event.kind), "closed" if event.t < left_close else "syn sent")
        mark = _lookup(event) if event.kind == _ROUTE else f"starts the {_AWAITED[side]} timer"
        yield Sighting(t_ns=event.t, side=side, path=path, mark=mark)


def _lookup(event: EventRow) -> str:
    """What a routing table said; its number is behind the ports, bpf/effects.bpf.c, struct route."""
    number = int.from_bytes(event.header[4:8], "little")
    table = f"table {_TABLES.get(number, number)}"
    error = errno_name(-event.code)
    if error is None:
        return f"route in {table}"
    return f"no route in {table}" if error == _NOT_THERE else f"{error} from {table}"


def of_segments(captured: Sequence[Captured], stacks: Mapping[SideName, Stacks]) -> Iterator[Sighting]:
    """Each segment where its sender sent it, where its receiver received it, and where it was dropped.

    What drops a segment on its way out works for the sender, else for the receiver. `stacks`: as those of
    each side's sockets.
    """
    for segment, sent, received, dropped in captured:
        sender: SideName = segment.source
        receiver: SideName = "server" if sender == "client" else "client"
        if sent is not dropped:
            yield from _of_event(sent, sender, stacks[sender], f"sends {segment.flags}")
        yield from _of_event(received, receiver, stacks[receiver], f"receives {segment.flags}")
        where = sender if received is None else receiver
        yield from _of_event(dropped, where, stacks[where], f"drops {segment.flags} ({segment.dropped})")


def _of_event(event: EventRow | None, side: SideName, stacks: Stacks, mark: str) -> Iterator[Sighting]:
    if event is not None:
        yield from _sighting(stacks, event.stack, event.t, side, mark)


def _sighting(stacks: Stacks, stack: int, t_ns: int, side: SideName, mark: str) -> Iterator[Sighting]:
    path = stacks.path(stack)
    if path is not None:
        yield Sighting(t_ns=t_ns, side=side, path=with_inlined(path), mark=mark)
