"""What a connection's stacks show, each with the side that it belongs to and what was seen there."""

from collections.abc import Iterable, Iterator, Sequence

import numpy as np

from synscope.connections.calls import Sighting
from synscope.connections.half import listener_steps, moment, states_of
from synscope.connections.model import SideName
from synscope.connections.rows import EventRow, HalfRow, Step, event_row
from synscope.connections.segments import Captured
from synscope.connections.stacks import Stacks
from synscope.connections.timeline import Timeline
from synscope.events.trace import Rows, Trace
from synscope.events.wire import MILESTONE, PathKind


class SocketEvents:
    """SOCKET and ACCEPT events, found by the half that they are about."""

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


def of_states(steps: Iterable[Step], side: SideName, stacks: Stacks) -> Iterator[Sighting]:
    """Each change of state in the function that made it."""
    for step in steps:
        yield from _sighting(stacks, step.stack, step.t, side, " → ".join(states_of(step)))


def of_half(row: HalfRow, side: SideName, stacks: Stacks, events: SocketEvents) -> Iterator[Sighting]:
    """A half's changes of state, its creation and its accept()."""
    yield from of_states(row.transitions, side, stacks)
    yield from _of_event(events.creation(row), side, stacks, "creates the socket")
    yield from _of_event(events.acceptance(row), side, stacks, "accepted")


def of_listener(row: HalfRow, stacks: Stacks, events: SocketEvents) -> Iterator[Sighting]:
    """How the listening socket came to listen."""
    yield from of_states(listener_steps(row), "server", stacks)
    yield from _of_event(events.creation(row), "server", stacks, "creates the socket")


def of_segments(captured: Sequence[Captured], stacks: Stacks) -> Iterator[Sighting]:
    """Each segment where its sender sent it, where its receiver received it, and where it was dropped.

    What drops a segment on its way out works for the sender, else for the receiver.
    """
    for segment, sent, received, dropped in captured:
        sender: SideName = segment.source
        receiver: SideName = "server" if sender == "client" else "client"
        if sent is not dropped:
            yield from _of_event(sent, sender, stacks, f"sends {segment.flags}")
        yield from _of_event(received, receiver, stacks, f"receives {segment.flags}")
        where = sender if received is None else receiver
        yield from _of_event(dropped, where, stacks, f"drops {segment.flags} ({segment.dropped})")


def _of_event(event: EventRow | None, side: SideName, stacks: Stacks, mark: str) -> Iterator[Sighting]:
    if event is not None:
        yield from _sighting(stacks, event.stack, event.t, side, mark)


def _sighting(stacks: Stacks, stack: int, t_ns: int, side: SideName, mark: str) -> Iterator[Sighting]:
    path = stacks.path(stack)
    if path is not None:
        yield Sighting(t_ns=t_ns, side=side, path=path, mark=mark)
