"""Traced calls as trees: from the places of a connection's calls to `model.Call`."""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt

from synscope.connections.arguments import Spelling
from synscope.connections.calls import Sighting, call_forest
from synscope.connections.inlined_calls import with_inlined_calls
from synscope.connections.model import Call, SideName
from synscope.connections.nesting import Nesting, Places
from synscope.connections.stacks import Path
from synscope.events.trace import Trace
from synscope.events.wire import CallFlag

_RETURNED, _TAIL, _SOFTIRQ = (int(flag) for flag in (CallFlag.RETURNED, CallFlag.TAIL, CallFlag.SOFTIRQ))


class CallRow(NamedTuple):
    """A row of `wire.FUNCTION_CALL`."""

    enter: int
    exit: int
    cookie: int
    args: npt.NDArray[np.uint64]
    ret: int
    function: int
    pid: int
    tid: int
    cpu: int
    flags: int
    pad: int


class Sighted(NamedTuple):
    """What sightings add to calls, by the place of the innermost call that holds each.

    Attributes:
        marks: what was seen to happen in that call itself.
        inner: sightings in functions that it called and that were not traced.
    """

    marks: dict[int, list[str]]
    inner: dict[int, list[Sighting]]


class Trees:
    """Makes calls of a trace's rows."""

    def __init__(self, trace: Trace, nesting: Nesting) -> None:
        self._rows = trace.calls
        self._nesting = nesting
        self._names = [function.name for function in trace.footer.functions]
        self._spelling = Spelling(trace.footer.functions, trace.header.drop_reasons)
        self._timed = trace.header.calls_clock == "ns"

    def row(self, place: int) -> CallRow:
        """The call at `place`."""
        return CallRow._make(self._rows[self._nesting.order[place]].item())

    def function(self, place: int) -> str:
        """The name of the function that was called at `place`."""
        return self._names[self.row(place).function]

    def arguments(self, place: int) -> Mapping[str, str]:
        """The arguments of the call at `place`; none where its prototype is not known."""
        row = self.row(place)
        return self._spelling.arguments(row.function, row.args.tolist()) or {}

    def grow(self, places: Iterable[int], side: SideName, added: Sighted) -> list[Call]:
        """The trees of calls at these places and at those of all calls around them, in order of time."""
        chosen = self._with_callers(places)
        rows: list[Any] = self._rows[self._nesting.order[chosen]].tolist()
        numbers: list[int] = chosen.tolist()
        parents: list[int] = self._nesting.parent[chosen].tolist()
        below: dict[int, list[Call]] = {}
        roots: list[tuple[int, Call]] = []
        for at in range(len(rows) - 1, -1, -1):
            place, parent, row = numbers[at], parents[at], CallRow._make(rows[at])
            children = reversed(below.pop(place, []))
            call = self._call(row, side, children, added.marks.get(place, ()), added.inner.get(place, ()))
            if parent < 0:
                roots.append((row.enter, call))
            else:
                below.setdefault(parent, []).append(call)
        return [call for _, call in sorted(roots, key=lambda root: root[0])]

    def _call(
        self,
        row: CallRow,
        side: SideName,
        children: Iterable[Call],
        marks: Sequence[str],
        inner: Sequence[Sighting],
    ) -> Call:
        function = self._names[row.function]
        returned = bool(row.flags & _RETURNED)
        below = with_inlined_calls(function, list(children))
        return Call(
            function=function,
            evidence="tail_call" if row.flags & _TAIL else "probe",
            side=side,
            context="softirq" if row.flags & _SOFTIRQ else "process",
            seen_ns=row.enter if self._timed else None,
            enter_ns=row.enter if self._timed else None,
            exit_ns=row.exit if self._timed and returned else None,
            args=self._spelling.arguments(row.function, row.args.tolist()),
            ret=self._spelling.returned(row.function, row.ret) if returned else None,
            marks=tuple(dict.fromkeys(marks)),
            children=_joined(below, call_forest(inner)) if inner else below,
        )

    def _with_callers(self, places: Iterable[int]) -> Places:
        """The places and those of all calls around them, ascending."""
        chosen = set(places)
        waiting = list(chosen)
        while waiting:
            parent = int(self._nesting.parent[waiting.pop()])
            if parent >= 0 and parent not in chosen:
                chosen.add(parent)
                waiting.append(parent)
        return np.array(sorted(chosen), np.int64)


def _joined(traced: Sequence[Call], seen: Sequence[Call]) -> tuple[Call, ...]:
    """What one function called, in order of time; an effect that is known twice is there once."""
    known = {call.function for call in traced if call.evidence == "effect"}
    every = [*traced, *(call for call in seen if call.function not in known)]
    return tuple(sorted(every, key=lambda call: call.seen_ns or 0))


def below(sighting: Sighting, function: str) -> Sighting | None:
    """The sighting as seen from inside `function`; None where that is the innermost of its path."""
    path = sighting.path
    frames = [name.split(".", 1)[0] for name in path.frames]
    if function not in frames or frames[-1] == function:
        return None
    start = len(frames) - frames[::-1].index(function)
    inside = Path(path.context, path.frames[start:], path.evidence[start:])
    return Sighting(t_ns=sighting.t_ns, side=sighting.side, path=inside, mark=sighting.mark)
