"""The calls of each connection, where they were traced one by one (`Trace.calls`)."""

from collections.abc import Iterable, Iterator, Sequence
from typing import NamedTuple

import msgspec
import numpy as np

from synscope.connections.call_trees import Sighted, Trees, below
from synscope.connections.calls import Sighting, SystemCall, call_forest
from synscope.connections.half import listener_steps, states_of
from synscope.connections.model import Call, SideName
from synscope.connections.nesting import Nesting
from synscope.connections.ownership import Owners, Parts, Sides
from synscope.connections.rows import Step
from synscope.connections.units import Units
from synscope.events.trace import Rows, Trace

_STORES_STATE = {"inet_sk_state_store": "newstate", "inet_sk_set_state": "state", "tcp_set_state": "state"}
"""The parameter that is the new state (net/ipv4/af_inet.c, net/ipv4/tcp.c)."""
_SIDES: tuple[SideName, SideName] = ("client", "server")


class Found(NamedTuple):
    """A connection's trees of traced calls, and the sightings that none of them holds."""

    calls: tuple[Call, ...]
    left: Sequence[Sighting]


class FunctionCalls:
    """The traced calls of a trace's connections, each made into trees when it is asked for."""

    def __init__(self, trace: Trace, halves: Rows) -> None:
        known = trace.calls["function"] < len(trace.footer.functions)
        if not known.all():  # a trace that was cut off before its footer has no names
            trace = msgspec.structs.replace(trace, calls=trace.calls[known])
        self._nesting = Nesting(trace.calls)
        self._units = Units(trace.calls, self._nesting, trace.footer.functions)
        self._owners = Owners(trace, halves, self._nesting, self._units)
        self._trees = Trees(trace, self._nesting)
        self._timed = trace.header.calls_clock == "ns"

    def joined(
        self, parts: Parts, sightings: Sequence[Sighting], entered: Iterable[SystemCall]
    ) -> tuple[Call, ...]:
        """The connection's forest: traced calls, and what only stacks and system calls show beside them.

        Empty where none of its calls was traced.
        """
        traced, left = self.of(parts, sightings)
        if not traced or not self._timed:
            return traced
        roots = {(call.side, call.function) for call in traced}
        seen = call_forest(left, (call for call in entered if (call.side, call.function) not in roots))
        return tuple(sorted((*traced, *seen), key=lambda call: call.seen_ns or 0))

    def of(self, parts: Parts, sightings: Sequence[Sighting]) -> Found:
        """The connection's trees, client before server, with what `sightings` add to them.

        A sighting's mark goes to the innermost traced call on its side whose interval holds its time; the
        functions below that one in its stack, which were not traced, become calls below it. Where the
        trace knows order only, no time can be compared: there the states that calls store are their marks.
        """
        sides = self._owners.of(parts)
        if not sides:
            return Found((), sightings)
        own = {row.cookie for row in parts[:3] if row is not None}
        places = {
            side: [place for unit in sides if sides[unit] == side for place in self._places(unit, own)]
            for side in _SIDES
        }
        left: list[Sighting] = []
        added = self._by_time(sides, sightings, left) if self._timed else self._by_state(places, parts)
        trees = (call for side in _SIDES for call in self._trees.grow(places[side], side, added))
        return Found(tuple(trees), left)

    def _places(self, unit: int, own: set[int]) -> Iterable[int]:
        """The places of a unit's calls, without those that worked for other connections only."""
        begin, end = self._units.span(unit)
        if all(cookie in own or not self._owners.is_half(cookie) for cookie in self._units.cookies(unit)):
            return range(begin, end)
        return self._without_others(begin, end, own)

    def _without_others(self, begin: int, end: int, own: set[int]) -> Iterator[int]:
        cookies: list[int] = self._units.cookie_at(begin, end)
        mine = np.cumsum([0, *(cookie in own for cookie in cookies)]).tolist()
        place = begin
        while place < end:
            behind = int(self._nesting.end[place])
            cookie = cookies[place - begin]
            other = cookie not in own and self._owners.is_half(cookie)
            if other and mine[place - begin] == mine[behind - begin]:
                place = behind
            else:
                yield place
                place += 1

    def _by_time(self, sides: Sides, sightings: Iterable[Sighting], left: list[Sighting]) -> Sighted:
        added = Sighted({}, {})
        for sighting in sightings:
            place = self._innermost(sides, sighting)
            if place < 0:
                left.append(sighting)
                continue
            inside = below(sighting, self._trees.function(place))
            if inside is not None:
                added.inner.setdefault(place, []).append(inside)
            elif sighting.mark:
                added.marks.setdefault(place, []).append(sighting.mark)
        return added

    def _innermost(self, sides: Sides, sighting: Sighting) -> int:
        """The place of the call that a sighting was made in, or -1."""
        found = []
        for unit, side in sides.items():
            place = (
                self._nesting.within(*self._units.span(unit), sighting.t_ns) if side == sighting.side else -1
            )
            if place >= 0:
                fits = self._nesting.context(place) == sighting.path.context
                found.append((fits, int(self._nesting.enter[place]), place))
        return max(found)[2] if found else -1

    def _by_state(self, places: dict[SideName, list[int]], parts: Parts) -> Sighted:
        marks: dict[int, list[str]] = {}
        for side in _SIDES:
            steps = list(_steps(parts, side))
            for place in self._stores(places[side]):
                function = self._trees.function(place)
                state = self._trees.arguments(place).get(_STORES_STATE[function])
                if state is not None:
                    marks[place] = [_change(state, steps)]
        return Sighted(marks, {})

    def _stores(self, places: Sequence[int]) -> list[int]:
        """The innermost of the calls that store a state, in order of time."""
        stores = {place for place in places if self._trees.function(place) in _STORES_STATE}
        inside = [
            place for place in stores if stores.isdisjoint(range(place + 1, int(self._nesting.end[place])))
        ]
        return sorted(inside, key=lambda place: int(self._nesting.enter[place]))


def _steps(parts: Parts, side: SideName) -> Iterator[Step]:
    if side == "client":
        yield from parts.client.transitions if parts.client is not None else ()
        return
    yield from listener_steps(parts.listener) if parts.listener is not None else ()
    yield from parts.server.transitions if parts.server is not None else ()


def _change(state: str, steps: list[Step]) -> str:
    """`CLOSE → SYN_SENT` where the half's next change to that state says whence, else `→ SYN_SENT`."""
    for at, step in enumerate(steps):
        source, target = states_of(step)
        if target == state:
            del steps[: at + 1]
            return f"{source} → {target}"
    return f"→ {state}"
