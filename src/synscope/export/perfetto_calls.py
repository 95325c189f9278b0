"""Calls on a Perfetto timeline: a slice from entry to return where both were seen, else the sightings.

A function that only stacks show has no time of its own. What was seen to happen in it is an instant, with
the functions above it, up to the slice that it is in.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, NamedTuple

from synscope.export import perfetto_packets as packets
from synscope.export.perfetto_tracks import Place, Places, Tracks
from synscope.text import clean

if TYPE_CHECKING:
    from synscope.connections.model import Call, Connection, Half


class _Todo(NamedTuple):
    """A call to be drawn: on `track` if in a slice; `above`: the functions between that slice and it."""

    call: Call
    track: int | None
    above: tuple[str, ...]


class Calls:
    """Draws the calls of one connection after another; those of a shared listener once.

    Attributes:
        untimed: how many calls had no times, so far.
    """

    def __init__(self, tracks: Tracks, places: Places) -> None:
        self.untimed = 0
        self._tracks = tracks
        self._places = places
        self._drawn: set[tuple[object, ...]] = set()

    def draw(self, connection: Connection) -> Iterator[bytes]:
        """The packets of a connection's calls."""
        for root in connection.calls:
            owner = connection.client if root.side == "client" else connection.server
            yield from self._tree(root, owner)

    def _tree(self, root: Call, owner: Half | None) -> Iterator[bytes]:
        """Depth first, in a loop: a file may nest deeper than Python does."""
        stack: list[_Todo | bytes] = [_Todo(root, None, ())]
        while stack:
            todo = stack.pop()
            if isinstance(todo, bytes):
                yield todo
                continue
            call, track, above = todo
            if call.enter_ns is None:
                self.untimed += 1
                yield from self._seen(todo, owner)
                above = (*above, call.function)
            else:
                track = track or self._room(call, call.enter_ns, owner)
                if track is None:
                    continue
                yield packets.begin(track, call.enter_ns, clean(call.function), "call", _about(call))
                if call.exit_ns is not None:
                    stack.append(packets.end(track, call.exit_ns))
                above = ()
            stack += [_Todo(child, track, above) for child in reversed(call.children)]

    def _room(self, call: Call, begin: int, owner: Half | None) -> int | None:
        """A track for it and all in it; None if it was drawn already."""
        place = self._place(call, owner)
        if call.context == "softirq":
            return self._tracks.softirq(place.cpu, call.side, begin, call.exit_ns)
        if self._again(place, call.function, begin):
            return None
        return self._tracks.calls(place.pid, place.tid, begin, call.exit_ns)

    def _seen(self, todo: _Todo, owner: Half | None) -> Iterator[bytes]:
        """What was seen to happen in a call without times."""
        call, track, above = todo
        if not call.marks or call.seen_ns is None:
            return
        if track is None:
            place = self._place(call, owner)
            if self._again(place, call.function, call.seen_ns):
                return
            track = (
                self._tracks.softirq(place.cpu, call.side, call.seen_ns, call.seen_ns)
                if call.context == "softirq"
                else self._tracks.thread(place.pid, place.tid)
            )
        about = _about(call) | {"function": clean(call.function), "called by": clean(" < ".join(above[::-1]))}
        yield packets.instant(track, call.seen_ns, clean(call.marks[0]), "sighting", about)

    def _place(self, call: Call, owner: Half | None) -> Place:
        """Where it began; of what no event tells, with the owner of its side."""
        place = self._places.at(call.seen_ns if call.enter_ns is None else call.enter_ns)
        if place is None:
            known = (0, 0) if owner is None else (owner.pid or 0, owner.tid or 0)
            return Place(*known, None)
        return place

    def _again(self, *what: object) -> bool:
        known = what in self._drawn
        self._drawn.add(what)
        return known


def _about(call: Call) -> dict[str, str]:
    about = {"known from": call.evidence, "side": call.side, **(call.args or {})}
    if call.ret is not None:
        about["returned"] = call.ret
    if call.marks:
        about["seen in it"] = "; ".join(call.marks)
    if call.enter_ns is not None and call.exit_ns is None:
        about["end"] = "not seen to return"
    return {clean(name): clean(value) for name, value in about.items()}
