"""The ladder: both halves side by side in time order, what each did and what crossed between them."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, NamedTuple

from rich.text import Text

from synscope.connections.model import Connection, Milestone, Segment, SideName, Transition
from synscope.views.facts import SIDES, accept_wait_ns, half_of, moment, origin, other, passed, seen
from synscope.views.lanes import Arrow, Lanes
from synscope.views.lines import flow, indented, title, zero_note
from synscope.views.notes import closing, each
from synscope.views.segments import fields, label
from synscope.views.style import BAD, CALL, FRAME, FUNCTION, NOTE, STATE, Style

if TYPE_CHECKING:
    from synscope.events.trace import Trace

NAME = "ladder"
ONE_LINE = "both halves side by side in time order: calls, states, segments"

_SHORTEST_CLOCK = 7
CALLS = {"socket": "socket()", "bind": "bind()", "listen": "listen()", "connect": "connect()"}
MOMENTS = {
    "syn_out": "sends the SYN",
    "syn_in": "SYN arrives",
    "request": "request",
    "synack_out": "sends the SYN-ACK",
    "synack_in": "SYN-ACK arrives",
    "ack_out": "sends the ACK",
    "ack_in": "ACK arrives",
    "queued": "in the accept queue",
    "established": "established",
    "accepted": "accept()",
    "closed": "closed",
}
_CARRIED = {"syn": "S", "synack": "S.", "ack": "."}
_BROUGHT: dict[str, tuple[tuple[str, SideName], ...]] = {
    "S": (("request", "server"), ("synack_out", "server"), ("synack_in", "client")),
    "S.": (("established", "client"), ("ack_in", "server"), ("established", "server")),
    ".": (("ack_in", "server"), ("established", "server")),
}
_REACHED = {"established": "ESTABLISHED", "closed": "CLOSE"}


class _Step(NamedTuple):
    """Something at one time on one side; `end` is `sent` or `received` where it is a segment's."""

    t: int
    rank: int  # of what happens at the same time: calls, arrivals, a child, milestones, states, departures
    side: SideName
    words: tuple[Text, ...] = ()
    segment: Segment | None = None
    end: str = ""


def render(connections: Sequence[Connection], trace: Trace, style: Style) -> Iterator[Text]:
    """The ladder of each connection, a blank line between."""
    return each(connections, trace, style, ladder)


def ladder(connection: Connection, style: Style) -> Iterator[Text]:
    """One connection: its title, the two lanes, and what is to be said below them."""
    zero, _ = origin(connection)
    steps = _steps(connection, style)
    lanes = _lanes(steps, zero, style)
    yield from title(connection, style)
    yield Text()
    if steps:
        yield from _head(connection, lanes)
        yield from zero_note(connection, style)
        yield from _rows(connection, steps, lanes, zero)
        yield Text()
    yield from closing(connection, style)


def _lanes(steps: list[_Step], zero: int, style: Style) -> Lanes:
    clock = max((len(style.relative(step.t - zero)) for step in steps), default=0)
    clock = max(clock, _SHORTEST_CLOCK)
    return Lanes(style=style, clock=clock, lane=(style.columns - 2 * clock - 7) // 2)


def _head(connection: Connection, lanes: Lanes) -> Iterator[Text]:
    left, right = (list(flow(_about(connection, side), lanes.lane, indent=2)) for side in SIDES)
    for row in range(max(len(left), len(right))):
        yield lanes.pair(*(lane[row] if row < len(lane) else Text() for lane in (left, right)))


def _about(connection: Connection, side: SideName) -> Iterator[Text]:
    """`server`, and what is unusual of it: its namespace, or that it was not seen."""
    yield Text(side, "bold underline")
    half, peer = half_of(connection, side), half_of(connection, other(side))
    if not seen(connection, side):
        yield Text("no socket seen" if passed(connection, side) else "not seen here", NOTE)
    elif half is not None and not half.traced:
        yield Text("not under trace", NOTE)
    if half is not None and half.netns and peer is not None and peer.netns and half.netns != peer.netns:
        yield Text(f"netns {half.netns}", FRAME)


def _steps(connection: Connection, style: Style) -> list[_Step]:
    steps = [_transition(change, style) for change in connection.transitions]
    telling = (mark for mark in connection.milestones if tells(mark, connection))
    steps += [_milestone(mark, connection, style) for mark in telling]
    for segment in connection.segments:
        if segment.sent_ns is not None:
            steps.append(_Step(segment.sent_ns, 5, segment.source, (), segment, "sent"))
        if segment.received_ns is not None:
            steps.append(_Step(segment.received_ns, 1, other(segment.source), (), segment, "received"))
        if segment.sent_ns is None and segment.received_ns is None:
            steps.append(_Step(about_when(connection, segment), 1, segment.source, (), segment, "untimed"))
    return sorted(steps, key=lambda step: step[:2])


def about_when(connection: Connection, segment: Segment) -> int:
    """Where a segment without times belongs: before what it brought about. Never shown as a time."""
    for name, side in _BROUGHT.get(segment.flags, ()):
        at = moment(connection, name, side)
        if at is not None:
            return at
    return max((mark.t_ns for mark in connection.milestones), default=0)


def tells(mark: Milestone, connection: Connection) -> bool:
    """Whether a milestone says something that no segment or state change says already."""
    flags = _CARRIED.get(mark.name.partition("_")[0])
    if flags is not None:
        source = mark.side if mark.name.endswith("_out") else other(mark.side)
        return not any(s.flags == flags and s.source == source for s in connection.segments)
    state = _REACHED.get(mark.name)
    return not any(c.side == mark.side and c.target == state for c in connection.transitions)


def _milestone(mark: Milestone, connection: Connection, style: Style) -> _Step:
    if mark.name in CALLS:
        words = (Text(CALLS[mark.name], CALL), *_backlog(mark, connection))
        return _Step(mark.t_ns, 0, mark.side, words)
    name = MOMENTS.get(mark.name, mark.name)
    ink = CALL if name.endswith("()") else ""
    words = (Text(style.clean(name), ink), *_backlog(mark, connection), *_wait(mark, connection, style))
    return _Step(mark.t_ns, 3, mark.side, words)


def _backlog(mark: Milestone, connection: Connection) -> Iterator[Text]:
    listener = connection.server.listener if connection.server is not None else None
    if listener is None or listener.backlog_max is None:
        return
    if mark.name == "listen":
        yield Text(f"backlog {listener.backlog_max}", NOTE)
    if mark.name == "request" and listener.backlog_at_syn is not None:
        full = listener.backlog_at_syn > listener.backlog_max  # sk_acceptq_is_full()
        words = f"backlog {listener.backlog_at_syn}/{listener.backlog_max}"
        yield Text(f"{words}, full", BAD) if full else Text(words, NOTE)


def _wait(mark: Milestone, connection: Connection, style: Style) -> Iterator[Text]:
    waited = accept_wait_ns(connection) if mark.name == "accepted" else None
    if waited is not None:
        yield Text(f"queued for {style.duration(waited)}", NOTE)


def _transition(change: Transition, style: Style) -> _Step:
    states = f"{style.clean(change.source)} {style.glyphs.arrow} {style.clean(change.target)}"
    words = [Text(states, STATE)]
    if change.by is not None:
        words.append(Text(f"by {style.clean(change.by)}", FUNCTION))
    rank = 2 if change.source == "LISTEN" else 4  # the child is there before it is queued
    return _Step(change.t_ns, rank, change.side, tuple(words))


def _rows(connection: Connection, steps: list[_Step], lanes: Lanes, zero: int) -> Iterator[Text]:
    joined = _joined(steps)
    for index, step in enumerate(steps):
        if step.segment is None:
            yield from lanes.step(step.side, lanes.style.relative(step.t - zero), step.words)
        elif index not in joined.values():
            partner = steps[joined[index]] if index in joined else None
            yield from _crossing(connection, step, partner, lanes, zero)


def _joined(steps: list[_Step]) -> dict[int, int]:
    """Of each segment that one line can show: the position of its first end, to that of its second.

    One line shows both ends if nothing else is to be written on the second end's side between them:
    each lane's clock then still runs downward.
    """
    joined: dict[int, int] = {}
    first_of: dict[int, int] = {}
    for index, step in enumerate(steps):
        if step.segment is None:
            continue
        first = first_of.setdefault(id(step.segment), index)
        if first != index and all(between.side != step.side for between in steps[first + 1 : index]):
            joined[first] = index
    return joined


def _crossing(
    connection: Connection, step: _Step, partner: _Step | None, lanes: Lanes, zero: int
) -> Iterator[Text]:
    """A segment's line, and its fields below it; a segment in two lines has them below the first."""
    segment = step.segment
    assert segment is not None
    times = {end.end: lanes.style.relative(end.t - zero) for end in (step, partner) if end is not None}
    receiver_known = segment.received_ns is not None
    tail, head = times.get("sent"), times.get("received")
    if tail is None and segment.sent_ns is None and seen(connection, segment.source):
        tail = ""  # its sender is here, only the time is not known
    if segment.inferred and not receiver_known and seen(connection, other(segment.source)):
        head = ""  # inferred from what its receiver did
    two_lines = partner is None and segment.sent_ns is not None and receiver_known
    name = label(connection, segment, lanes.style)
    yield lanes.arrow(
        Arrow(
            source=segment.source,
            label=f"{name} {lanes.style.glyphs.ellipsis}" if two_lines and tail is None else name,
            tail=tail,
            head=head,
            ending=_ending(connection, segment, lanes.style, two_lines),
            dotted=segment.inferred,
        )
    )
    if not two_lines or step.end == "sent":
        words = fields(connection, segment, lanes.style)
        yield from indented(flow(words, lanes.style.columns - 3, indent=2), 3)


def _ending(connection: Connection, segment: Segment, style: Style, two_lines: bool) -> str:
    """What stands where the line stops, of a segment whose arrival is not on it."""
    if segment.dropped is not None:
        return style.glyphs.cross
    if two_lines:
        return style.glyphs.ellipsis
    if seen(connection, other(segment.source)):
        return " ?"
    return style.glyphs.right if segment.source == "client" else style.glyphs.left
