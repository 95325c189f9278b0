"""Which call was made in which: from the intervals of `wire.FUNCTION_CALL`, for all calls of a trace at once.

Calls nest as their intervals do on one lane: a thread in process context, a CPU in softirq context.
"""

from collections.abc import Iterator

import numpy as np
import numpy.typing as npt

from synscope.connections.model import Context
from synscope.events.trace import Rows
from synscope.events.wire import CallFlag

Places = npt.NDArray[np.int64]

_SOFTIRQ_LANE = 1 << 32  # above every tid
_FOREVER = np.uint64(2**64 - 1)


class Nesting:
    """The calls of a trace in places: lane by lane, and there in the order in which they were entered.

    So a call's place is followed by those of the calls made in it: its subtree is `place` to `end[place]`.

    Attributes:
        order: the row of `Trace.calls` at each place.
        lane: the number that `lane_of` gives.
        enter, exit: as the rows have them. A call whose end was not seen ends with the call that it was made
            in; at the outside it goes on for ever.
        parent: the place of the call that it was made in, or -1.
        end: the place behind its subtree.
    """

    def __init__(self, calls: Rows) -> None:
        lanes = lane_of(calls)
        ended = calls["exit"] != 0
        enter = np.ascontiguousarray(calls["enter"])
        leave = np.where(ended, np.maximum(calls["exit"], enter), _FOREVER)
        # the longer of two that were entered at one time is around the other
        self.order: Places = np.lexsort((_FOREVER - leave, enter, lanes))
        self.lane, self.enter, self.exit = lanes[self.order], enter[self.order], leave[self.order]
        self._ended = ended[self.order]
        self.parent: Places = np.full(len(calls), -1, np.int64)
        self._depth: Places = np.zeros(len(calls), np.int64)
        if len(calls):
            self._nest()
        self.end: Places = self._ends()

    def __len__(self) -> int:
        return len(self.order)

    def at(self, lane: int, t: int) -> int:
        """The place of the innermost call on `lane` whose interval holds `t`, or -1."""
        begin, end = np.searchsorted(self.lane, [lane, lane + 1])
        place = int(begin + np.searchsorted(self.enter[begin:end], np.uint64(t), "right")) - 1
        return self.around(place, t) if place >= begin else -1

    def within(self, begin: int, end: int, t: int) -> int:
        """The same, of the subtree in these places."""
        place = int(begin + np.searchsorted(self.enter[begin:end], np.uint64(t), "right")) - 1
        place = self.around(place, t) if place >= begin else -1
        return place if place >= begin else -1

    def around(self, place: int, t: int) -> int:
        """The first of `place` and the calls around it that had not returned at `t`, or -1."""
        while place >= 0 and self.exit[place] < t:
            place = int(self.parent[place])
        return place

    def context(self, place: int) -> Context:
        """Where the call at `place` ran."""
        return "softirq" if self.lane[place] >= _SOFTIRQ_LANE else "process"

    def levels(self) -> Iterator[tuple[Places, Places]]:
        """The places of each depth but the outermost, with those of their parents, outside first."""
        depth = self._depth
        by_depth = np.argsort(depth, kind="stable")
        bounds = np.searchsorted(depth[by_depth], np.arange(int(depth.max(initial=0)) + 2))
        for above, start, stop in zip(bounds, bounds[1:], bounds[2:], strict=False):
            places, callers = by_depth[start:stop], by_depth[above:start]
            yield places, callers[np.searchsorted(callers, places) - 1]

    def _nest(self) -> None:
        """Parents; twice where an end was not seen: it is that of the caller, which is found first."""
        self._link(np.where(self._ended, self.exit, self.enter))
        if not self._ended.all():
            inside = np.flatnonzero(~self._ended & (self.parent >= 0))
            self.exit[inside] = self.exit[self.parent[inside]]
            self._link(self.exit)

    def _link(self, leave: npt.NDArray[np.uint64]) -> None:
        self._depth = _depths(self.lane, self.enter, leave)
        for places, callers in self.levels():
            self.parent[places] = callers

    def _ends(self) -> Places:
        size = np.ones(len(self), np.int64)
        for places, callers in reversed(list(self.levels())):
            np.add.at(size, callers, size[places])
        return np.arange(len(self)) + size


def lane_of(calls: Rows) -> Places:
    """The lane of each call: its thread, or, in softirq context, above all threads, its CPU."""
    softirq = (calls["flags"] & CallFlag.SOFTIRQ) != 0
    return np.where(softirq, _SOFTIRQ_LANE + calls["cpu"].astype(np.int64), calls["tid"].astype(np.int64))


def process_lane(tid: int) -> int:
    """The lane of a thread in process context."""
    return tid


def softirq_lane(cpu: int) -> int:
    """The lane of a CPU in softirq context."""
    return _SOFTIRQ_LANE + cpu


def _depths(lane: Places, enter: npt.NDArray[np.uint64], leave: npt.NDArray[np.uint64]) -> Places:
    """How many calls of its lane a call was entered in: those entered before, less those that had ended.

    It grows by one at most from a place to the next, whatever the intervals are, so that the last call
    one level up is always there to be the parent.
    """
    count = len(lane)
    _, ranks = np.unique(np.concatenate([enter, leave]), return_inverse=True)
    entered, left = ranks[:count].astype(np.int64), ranks[count:].astype(np.int64)
    left = np.maximum(left, entered + 1)  # what took no time is not in itself
    lanes = np.cumsum(np.append(0, lane[1:] != lane[:-1]))
    width = 2 * count + 2
    ended = np.searchsorted(np.sort(lanes * width + left), lanes * width + entered, "right")
    return np.arange(count) - ended
