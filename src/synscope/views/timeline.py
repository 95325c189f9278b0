"""The phases of each side as bars on one common axis of time, to scale."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, NamedTuple

from rich.text import Text

from synscope.connections.model import Connection, Phase, SideName
from synscope.views.facts import SIDES, half_of, origin, retransmits, seen
from synscope.views.ladder_svg_scale import round_step
from synscope.views.lines import flow, indented, owner, paragraph, title, zero_note
from synscope.views.notes import each
from synscope.views.style import BAD, CALL, FRAME, NOTE, STATE, TIME, Style

if TYPE_CHECKING:
    from synscope.events.trace import Trace

NAME = "timeline"
ONE_LINE = "where the time of each side went: its phases as bars on one axis"

_LABEL = 21  # cells of a phase's name with what stands before it: synack_retransmit is the longest
_DURATION = 9
_TICK = 12  # cells between two ticks, at least
AGAIN = {"syn_retransmit": "S", "synack_retransmit": "S."}
"""Phases that are over when a segment was sent again, and its flags."""
_LETTERS = {"S": ("S", "a SYN"), "S.": ("A", "a SYN-ACK")}
WAITS = frozenset(
    {"neighbour", "syn_wait", "synack_wait", "network_out", "network_back", "peer", "syn_timeout"}
    | {"accept_queue", "accept_wake"}
)
_NONE = "No phases: neither a beginning nor an end of this connection was seen."


class _Axis(NamedTuple):
    """Time to cells: `cells` of them from `start` ns on, `span` ns in all."""

    start: int
    span: int
    cells: int

    def cell(self, t: int) -> int:
        """The cell that begins nearest to a moment."""
        return min(self.cells - 1, round((t - self.start) * self.cells / self.span))

    def bar(self, phase: Phase) -> tuple[int, int]:
        """First cell and number of cells of a phase: at least one."""
        begin = self.cell(phase.start_ns)
        end = round((phase.start_ns + phase.duration_ns - self.start) * self.cells / self.span)
        return begin, max(1, end - begin)


def render(connections: Sequence[Connection], trace: Trace, style: Style) -> Iterator[Text]:
    """The timeline of each connection, a blank line between."""
    return each(connections, trace, style, timeline)


def timeline(connection: Connection, style: Style) -> Iterator[Text]:
    """One connection: its title, an axis, a bar a phase, and what the bars are."""
    yield from title(connection, style)
    yield Text()
    if not connection.phases:
        yield from paragraph(_NONE, style)
        return
    axis = _axis(connection.phases, style)
    yield _ruler(axis, origin(connection)[0], style)
    for side in SIDES:
        mine = [phase for phase in connection.phases if phase.side == side]
        yield _side(connection, side, mine, style)
        for phase in mine:
            yield _row(connection, phase, axis, style)
    yield Text()
    yield from zero_note(connection, style)
    yield from _legend(connection, style)
    yield from _notes(connection, style)


def _axis(phases: Sequence[Phase], style: Style) -> _Axis:
    start = min(phase.start_ns for phase in phases)
    end = max(phase.start_ns + phase.duration_ns for phase in phases)
    return _Axis(start, max(1, end - start), style.columns - _LABEL - _DURATION - 3)


def _ruler(axis: _Axis, zero: int, style: Style) -> Text:
    """Round times, each right of the sign that stands where it is."""
    step = round_step(axis.span * _TICK / axis.cells)
    first = -(-(axis.start - zero) // step) * step
    line = ""
    for t in range(first, axis.start + axis.span - zero + 1, step):
        label = style.glyphs.divider + style.relative(t)
        at = axis.cell(t + zero)
        if at + len(label) <= axis.cells:
            line = line.ljust(at) + label
    return Text(" " * (_LABEL + _DURATION + 2)).append(line, FRAME)


def _side(connection: Connection, side: SideName, mine: Sequence[Phase], style: Style) -> Text:
    """`client   58 µs  python3[4711]`."""
    line = Text(f" {side:{_LABEL - 1}}", STATE)
    if mine:
        total = style.duration(sum(phase.duration_ns for phase in mine))
        line.append(f"{total:>{_DURATION}}", CALL)
    else:
        line.append(" " * (_DURATION + 2))
        line.append("not known" if seen(connection, side) else "not seen here", NOTE)
    return line.append(f"  {owner(half_of(connection, side), style)}".rstrip(), FRAME)


def _row(connection: Connection, phase: Phase, axis: _Axis, style: Style) -> Text:
    name = style.clean(phase.name).replace("_", " ")
    line = Text(f"   {name:{_LABEL - 3}}").append(f"{style.duration(phase.duration_ns):>{_DURATION}}", TIME)
    at, _ = axis.bar(phase)
    return line.append(" " * (2 + at)).append(_bar(connection, phase, axis, style), _ink(phase))


def _bar(connection: Connection, phase: Phase, axis: _Axis, style: Style) -> str:
    """Its line; what was sent again is a letter in it."""
    at, cells = axis.bar(phase)
    drawn = [_sign(phase, style)] * cells
    for t, letter in _sent_again(connection, phase):
        drawn[min(cells - 1, axis.cell(t) - at)] = letter
    return "".join(drawn)


def _sent_again(connection: Connection, phase: Phase) -> Iterator[tuple[int, str]]:
    """When, and as which letter: a retransmission in the phase, and what came before the first one.

    A SYN is where its own side saw it.
    """
    for one in connection.segments:
        t = one.received_ns if phase.side == "server" and one.flags == "S" else one.sent_ns
        if t is None or one.flags not in _LETTERS:
            continue
        passed = t - phase.start_ns
        own = AGAIN.get(phase.name) == one.flags and 0 <= passed <= phase.duration_ns
        if own or (one.retransmission and 0 < passed < phase.duration_ns):
            yield t, _LETTERS[one.flags][0]


def _sign(phase: Phase, style: Style) -> str:
    if phase.name in AGAIN:
        return style.glyphs.dots
    return style.glyphs.line if phase.name in WAITS else style.glyphs.bar


def _ink(phase: Phase) -> str:
    return BAD if phase.name in AGAIN else TIME if phase.name in WAITS else STATE


def _legend(connection: Connection, style: Style) -> Iterator[Text]:
    """What the signs mean, of those that were used."""
    names = {phase.name for phase in connection.phases}
    signs = style.glyphs
    words = []
    if names - WAITS - AGAIN.keys():
        words.append(f"{signs.bar} work of this kernel")
    if names & WAITS:
        words.append(f"{signs.line} waiting for the other end or a program")
    if names & AGAIN.keys():
        words.append(f"{signs.dots} waiting for a retransmission timer")
    letters = {letter for phase in connection.phases for _, letter in _sent_again(connection, phase)}
    words += [f"{letter} {name}" for letter, name in _LETTERS.values() if letter in letters]
    return indented(flow((Text(word, NOTE) for word in words), style.columns - 1, indent=0, gap="   "))


def _notes(connection: Connection, style: Style) -> Iterator[Text]:
    """What the bars do not show."""
    again = retransmits(connection)
    if again and not any(segment.retransmission for segment in connection.segments):
        words = f"{again} retransmission{'s' if again > 1 else ''}: when is not known, the wait is in a bar."
        yield from paragraph(words, style)
    if connection.outcome == "in_progress":
        yield from paragraph("In progress: the last phase goes on until the trace's end.", style)
