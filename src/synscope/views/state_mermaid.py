"""The state diagram as a Mermaid flowchart: for Markdown pages that draw it themselves.

A flowchart, not a `stateDiagram`: only there can an arrow have a colour.
"""

from collections.abc import Iterator, Sequence

from synscope.connections.model import Connection
from synscope.connections.state_path import SIDES, Step, state_path
from synscope.tcp.states import RFC_NAMES
from synscope.tcp.transitions import Transition, figure
from synscope.views.facts import origin
from synscope.views.state_words import mark_of, words_of
from synscope.views.style import Style

_COLOURS = {"client": "#0969da", "server": "#bc4c00", "both": "#8250df"}


def mermaid(connection: Connection | None, style: Style) -> str:
    """The chart's text."""
    steps = state_path(connection) if connection else ()
    zero = origin(connection)[0] if connection else 0
    return "".join(f"{line}\n" for line in _lines(steps, zero, style))


def _lines(steps: Sequence[Step], zero: int, style: Style) -> Iterator[str]:
    yield "flowchart TD"
    for state, rfc in RFC_NAMES.items():
        yield f'  {state}["{state}"]' if rfc == state else f'  {state}["{state}<br/>{rfc}"]'
    for way, row in figure().items():
        yield f'  {way[0]} -->|"{_label(row, [s for s in steps if s.way == way], zero, style)}"| {way[1]}'
    for at, way in enumerate(figure()):
        who = _who([step for step in steps if step.way == way])
        if who:
            yield f"  linkStyle {at} stroke:{_COLOURS[who]},stroke-width:3px"
    for state in RFC_NAMES:
        who = _who([step for step in steps if step.drawn and state in step.way])
        if who:
            yield f"  style {state} stroke:{_COLOURS[who]},stroke-width:3px"


def _label(row: Transition, steps: Sequence[Step], zero: int, style: Style) -> str:
    lines = [words_of(row, steps), *(f"{mark_of(step, zero, style)}" for step in steps)]
    by = next((step.by for step in steps if step.by), "") if steps else row.by[0]
    return "<br/>".join(_escaped(style.clean(line)) for line in (*lines, by) if line)


def _escaped(text: str) -> str:
    """Quotes and what HTML would read, as Mermaid's entities."""
    for character, entity in (("#", "#35;"), ('"', "#quot;"), ("<", "#lt;"), (">", "#gt;")):
        text = text.replace(character, entity)
    return text


def _who(steps: Sequence[Step]) -> str:
    """Whose steps they are: a side, `both`, or nobody's."""
    found = [side for side in SIDES if any(step.side == side for step in steps)]
    return "both" if len(found) > 1 else "".join(found)
