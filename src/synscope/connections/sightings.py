"""What a connection's stacks show, each with the side that it belongs to and what was seen there."""

from collections.abc import Iterable, Iterator, Sequence
from typing import Any

import numpy as np

from synscope.connections.calls import Sighting
from synscope.connections.half import Row, listener_steps, moment, steps_of
from synscope.connections.model import SideName
from synscope.connections.segments import Captured
from synscope.connections.stacks import Stacks
from synscope.events.decode import U64
from synscope.events.trace import Rows, Trace
from synscope.events.wire import MILESTONE, PathKind
from synscope.tcp.states import state_name


class SocketEvents:
    """SOCKET and ACCEPT events, found by the half that they are about."""

    def __init__(self, trace: Trace, halves: Rows) -> None:
        events = trace.events
        created = events[events["kind"] == PathKind.SOCKET]
        self._created = created[np.lexsort((created["t"], created["tid"]))]
        self._key = self._created["tid"]
        sockets = halves["t"][:, MILESTONE["socket"]]
        self._socket_times: dict[int, U64] = {}
        for tid in np.unique(self._created["tid"]):
            mine = sockets[(halves["tid"] == tid) & (sockets != 0)]
            self._socket_times[int(tid)] = np.unique(mine)
        accepted = events[events["kind"] == PathKind.ACCEPT]
        self._accepted = accepted[np.argsort(accepted["cookie"], kind="stable")]

    def creation(self, row: Row) -> Any | None:
        """inet_create()'s event: the thread's last before the row's `socket` and after any earlier one."""
        at, tid = moment(row, "socket"), int(row["tid"])
        if at is None or tid not in self._socket_times:
            return None
        times = self._socket_times[tid]
        earlier = int(np.searchsorted(times, np.uint64(at), side="left"))
        after = int(times[earlier - 1]) if earlier else 0
        begin, end = (int(np.searchsorted(self._key, tid, side=edge)) for edge in ("left", "right"))
        last = begin + int(np.searchsorted(self._created["t"][begin:end], np.uint64(at), side="right")) - 1
        return self._created[last] if last >= begin and int(self._created["t"][last]) > after else None

    def acceptance(self, row: Row) -> Any | None:
        """accept()'s event for the row's socket."""
        at = int(np.searchsorted(self._accepted["cookie"], row["cookie"]))
        found = at < len(self._accepted) and self._accepted["cookie"][at] == row["cookie"]
        return self._accepted[at] if found else None


def of_states(steps: Iterable[Any], side: SideName, stacks: Stacks) -> Iterator[Sighting]:
    """Each change of state in the function that made it."""
    for step in steps:
        mark = f"{state_name(int(step['from']))} → {state_name(int(step['to']))}"
        yield from _sighting(stacks, int(step["stack"]), int(step["t"]), side, mark)


def of_half(row: Row, side: SideName, stacks: Stacks, events: SocketEvents) -> Iterator[Sighting]:
    """A half's changes of state, its creation and its accept()."""
    yield from of_states(steps_of(row), side, stacks)
    yield from _of_event(events.creation(row), side, stacks, "creates the socket")
    yield from _of_event(events.acceptance(row), side, stacks, "accepted")


def of_listener(row: Row, stacks: Stacks, events: SocketEvents) -> Iterator[Sighting]:
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


def _of_event(event: Any | None, side: SideName, stacks: Stacks, mark: str) -> Iterator[Sighting]:
    if event is not None:
        yield from _sighting(stacks, int(event["stack"]), int(event["t"]), side, mark)


def _sighting(stacks: Stacks, stack: int, t_ns: int, side: SideName, mark: str) -> Iterator[Sighting]:
    path = stacks.path(stack)
    if path is not None:
        yield Sighting(t_ns=t_ns, side=side, path=path, mark=mark)
