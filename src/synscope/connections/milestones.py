"""A connection's moments, out of what its sockets noticed and what its segments tell."""

from collections.abc import Iterator, Sequence

from synscope.connections.half import milestones_of
from synscope.connections.model import Milestone, Segment, SideName
from synscope.connections.rows import HalfRow
from synscope.events.wire import MILESTONE

_OF_THE_LISTENER = ("socket", "bind", "listen")

_MOMENTS: tuple[tuple[str, SideName, str, SideName, bool], ...] = (
    ("syn_in", "server", "S", "client", False),
    ("synack_in", "client", "S.", "server", False),
    ("ack_out", "client", ".", "client", True),
    ("ack_in", "server", ".", "client", False),
)
"""Milestone, whose, of which flags, sent by whom, and whether it is the sending or the coming."""


def milestones(
    client: HalfRow | None, server: HalfRow | None, listener: HalfRow | None, captured: Sequence[Segment]
) -> tuple[Milestone, ...]:
    """In time order; of equal times, in the order of the milestones' list.

    A captured segment tells its own moment: it replaces what the socket noticed a little later.
    """
    marks = [] if listener is None else list(listener_milestones(listener))
    sides: tuple[tuple[HalfRow | None, SideName], ...] = ((client, "client"), (server, "server"))
    for row, side in sides:
        if row is not None:
            seen = {mark.name: mark for mark in milestones_of(row, side)}
            seen |= {mark.name: mark for mark in segment_milestones(captured, side)}
            marks += seen.values()
    return tuple(sorted(marks, key=_place))


def listener_milestones(row: HalfRow) -> Iterator[Milestone]:
    """A listener's part in its connections' story: socket, bind and listen, on the server's side."""
    return (mark for mark in milestones_of(row, "server") if mark.name in _OF_THE_LISTENER)


def segment_milestones(segments: Sequence[Segment], side: SideName) -> Iterator[Milestone]:
    """The milestones of one side that its captured segments tell: the first of each kind."""
    for name, owner, flags, source, leaving in _MOMENTS:
        if owner != side:
            continue
        moments = (
            one.sent_ns if leaving else one.received_ns
            for one in segments
            if one.flags == flags and one.source == source
        )
        at = next((moment for moment in moments if moment is not None), None)
        if at is not None:
            yield Milestone(name, side, at)


def _place(mark: Milestone) -> tuple[int, int]:
    return mark.t_ns, MILESTONE[mark.name]
