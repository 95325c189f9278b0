"""The whole state diagram, drawn from the table of transitions, with the way that a connection took.

Arrows that were taken are heavy, and bear the step (`c2`: the client's second), its time, and the function
that made it; the others bear the function that would. Below, the steps once more, in order.
"""

from collections.abc import Iterator, Sequence

from rich.text import Text

from synscope.connections.model import Connection
from synscope.connections.state_path import SIDES, Step, state_path
from synscope.tcp.states import RFC_NAMES
from synscope.tcp.transitions import Transition, figure
from synscope.text import fit
from synscope.views.canvas import Canvas
from synscope.views.facts import origin, seen
from synscope.views.lines import side_title, title, zero_note
from synscope.views.state_layout import ARROWS, BOX_HEIGHT, BOX_WIDTH, BOXES, HEIGHT, Arrow
from synscope.views.state_words import mark_of, visitors, words_of
from synscope.views.style import FRAME, FUNCTION, NOTE, STATE, TIME, TITLE, Style

_TAKEN = {"client": "bold blue", "server": "bold magenta"}
_STEP, _CLOCK, _STATES = 3, 9, 27


def diagram(connection: Connection | None, style: Style) -> Iterator[Text]:
    """The diagram's lines; with a connection its title before, and its steps after."""
    if connection is None:
        yield from _drawing((), 0, style)
        yield from _legend(style)
        return
    yield from title(connection, style)
    yield from zero_note(connection, style)
    yield Text()
    steps, (zero, _) = state_path(connection), origin(connection)
    yield from _drawing(steps, zero, style)
    yield from _listed(connection, steps, zero, style)


def _drawing(steps: Sequence[Step], zero: int, style: Style) -> Iterator[Text]:
    canvas = Canvas(ascii_only=style.ascii)
    for key, row in sorted(figure().items(), key=lambda item: any(step.way == item[0] for step in steps)):
        taken = [step for step in steps if step.way == key]
        arrow = ARROWS[key]
        ink = _TAKEN[taken[0].side] if taken else FRAME
        canvas.line(arrow.bends, ink, heavy=bool(taken))
        _put_words(canvas, arrow, _words(row, taken, zero, style, arrow), style)
    for state, corners in BOXES.items():
        for corner, sides in zip(corners, visitors(state, steps), strict=False):
            _put_state(canvas, corner, state, entered=bool(sides))
    return iter(canvas.rows(HEIGHT))


def _put_state(canvas: Canvas, corner: tuple[int, int], state: str, *, entered: bool) -> None:
    x, y = corner
    inner = BOX_WIDTH - 2
    canvas.box(corner, (BOX_WIDTH, BOX_HEIGHT), STATE if entered else FRAME, heavy=entered)
    name, rfc = state, RFC_NAMES[state]
    canvas.words((x + 1, y + 1), name.center(inner), STATE if entered else TITLE)
    if rfc != name:
        canvas.words((x + 1, y + 2), rfc.center(inner), NOTE)


_Words = list[tuple[str, str]]


def _words(row: Transition, steps: Sequence[Step], zero: int, style: Style, arrow: Arrow) -> _Words:
    """The lines of an arrow's words, each with its ink."""
    what = (words_of(row, steps), TITLE if steps else "")
    if not steps:
        fitting = next((name for name in row.by if len(name) <= arrow.room), row.by[0])
        return [what, (fitting, NOTE)][: arrow.lines]
    marks = [(mark_of(step, zero, style), _TAKEN[step.side]) for step in steps]
    by = next((step.by for step in steps if step.by), "")
    if arrow.lines < 3:
        both = " ".join((*(mark for mark, _ in marks), style.clean(by))).rstrip()
        return [what, (both, marks[0][1])][: arrow.lines]
    return [what, *marks, (style.clean(by), FUNCTION)][: arrow.lines]


def _put_words(canvas: Canvas, arrow: Arrow, lines: _Words, style: Style) -> None:
    x, y = arrow.words
    for at, (text, ink) in enumerate(lines):
        shown = fit(text, arrow.room, style.glyphs)
        left = x if arrow.align == "left" else x + 1 - len(shown)
        canvas.words((left, y + at), shown, ink)


def _legend(style: Style) -> Iterator[Text]:
    yield Text()
    end = "ends it at once" if style.columns < 100 else "ends it at once: it goes to CLOSE"
    yield Text(f" In every state an RST, an ICMP error, a timeout or an abort {end}.", NOTE)


def _listed(connection: Connection, steps: Sequence[Step], zero: int, style: Style) -> Iterator[Text]:
    for side in SIDES:
        own = [step for step in steps if step.side == side]
        yield Text()
        yield Text(" ").append_text(side_title(connection, side, style))
        if not own:
            absent = "no state change was seen" if seen(connection, side) else "not seen here"
            yield Text(f"   {absent}", NOTE)
        for step in own:
            yield _line(step, zero, style)


def _line(step: Step, zero: int, style: Style) -> Text:
    at = "" if step.t_ns is None else style.relative(step.t_ns - zero)
    change = style.clean(f"{step.source} {style.glyphs.arrow} {step.target}")
    line = Text(f"   {step.name:{_STEP}} ", _TAKEN[step.side]).append(f"{at:>{_CLOCK}}  ", TIME)
    line.append(f"{change:{_STATES}}", STATE)
    note = style.clean(step.by or "") + ("" if step.drawn else "  (from every state)")
    line.append(fit(note, style.columns - line.cell_len, style.glyphs), FUNCTION)
    line.rstrip()
    return line
