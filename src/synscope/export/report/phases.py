"""Where the time of each side went, as bars to scale: each side on an axis of its own."""

from typing import NamedTuple

from synscope.connections.model import Connection, Phase, SideName
from synscope.connections.phases import PHASES
from synscope.views.facts import SIDES
from synscope.views.ladder_svg_element import element
from synscope.views.style import Style
from synscope.views.timeline import AGAIN, WAITS

_WIDTH, _HEIGHT = 1000, 12
_LEAST = 3


class Bar(NamedTuple):
    """A phase: what it is, how long, which part of the whole, and its bar as SVG."""

    name: str
    what: str
    spent: str
    share: str
    bar: str


class Side(NamedTuple):
    """The phases of one side and what they sum to."""

    side: SideName
    total: str
    bars: tuple[Bar, ...]


def phases(connection: Connection, style: Style) -> tuple[Side, ...]:
    """The connection's, of the sides that have any."""
    found = []
    for side in SIDES:
        mine = [phase for phase in connection.phases if phase.side == side]
        if mine:
            start = mine[0].start_ns
            total = max(1, sum(phase.duration_ns for phase in mine))
            bars = tuple(_bar(phase, start, total, style) for phase in mine)
            found.append(Side(side, style.duration(total), bars))
    return tuple(found)


def _bar(phase: Phase, start: int, total: int, style: Style) -> Bar:
    name = style.clean(phase.name).replace("_", " ")
    width = max(_LEAST, _WIDTH * phase.duration_ns / total)
    left = min(_WIDTH - width, _WIDTH * (phase.start_ns - start) / total)
    kind = "again" if phase.name in AGAIN else "wait" if phase.name in WAITS else "work"
    bar = element("rect", x=left, y=1, width=width, height=_HEIGHT - 2, class_=f"{kind} {phase.side}")
    box = f"0 0 {_WIDTH} {_HEIGHT}"
    svg = element("svg", bar, viewBox=box, preserveAspectRatio="none", class_="bar", aria_hidden="true")
    share = f"{100 * phase.duration_ns / total:.0f} %"
    return Bar(name, PHASES.get(phase.name, ""), style.duration(phase.duration_ns), share, svg)
