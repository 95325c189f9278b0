"""The state diagram as SVG, light or dark as its reader's desktop is."""

from collections.abc import Sequence
from xml.etree import ElementTree as ET

from synscope.connections.model import Connection, SideName
from synscope.connections.state_path import SIDES, Step, state_path
from synscope.tcp.states import RFC_NAMES
from synscope.tcp.transitions import Transition, figure
from synscope.views.facts import half_of, origin, seen
from synscope.views.lines import owner, place
from synscope.views.state_svg_layout import ARROWS, BOTTOM, BOX, BOXES, FRAMES, WIDTH, Arrow, Point
from synscope.views.state_words import mark_of, visitors, words_of
from synscope.views.style import Style

_RADIUS, _LINE, _APART = 9, 17, 3
STYLE = """
svg { font: 13px system-ui, "Segoe UI", "DejaVu Sans", sans-serif }
.page { fill: #ffffff } text { fill: #1f2328 }
.halo { stroke: #ffffff; stroke-width: 4px; paint-order: stroke }
.title { font-size: 19px; font-weight: 600 } .note, .rfc, .frame text { fill: #656d76 }
.name { font-weight: 600; font-size: 15px } .rfc { font-size: 11px }
.by { font: 12px ui-monospace, "DejaVu Sans Mono", monospace; fill: #656d76 }
.box { fill: #f6f8fa; stroke: #8c959f; stroke-width: 1.2 }
.frame rect { fill: none; stroke: #afb8c1; stroke-dasharray: 5 5 }
.arrow { fill: none; stroke: #8c959f; stroke-width: 1.4 } .head { fill: #8c959f }
.taken .event { font-weight: 600 } .mark { font-weight: 600 } .taken .by { fill: #1f2328 }
.entered { stroke-width: 2.6 } .arrow.client, .arrow.server { stroke-width: 3.2 }
.client { stroke: #0969da } .server { stroke: #bc4c00 } .both { stroke: #8250df }
text.client, .head.client { fill: #0969da; stroke: none }
text.server, .head.server { fill: #bc4c00; stroke: none }
.halo.client, .halo.server { stroke: #ffffff }
@media (prefers-color-scheme: dark) {
.page { fill: #0d1117 } text { fill: #e6edf3 } .halo, .halo.client, .halo.server { stroke: #0d1117 }
.note, .rfc, .frame text, .by { fill: #8d96a0 } .taken .by { fill: #e6edf3 }
.box { fill: #161b22; stroke: #6e7681 } .frame rect { stroke: #484f58 }
.arrow { stroke: #6e7681 } .head { fill: #6e7681 }
.client { stroke: #4493f8 } .server { stroke: #f0883e } .both { stroke: #ab7df8 }
text.client, .head.client { fill: #4493f8 } text.server, .head.server { fill: #f0883e }
}
"""


def svg(connection: Connection | None, style: Style, *, styled: bool = True) -> str:
    """The drawing as a document; with a connection, its way is marked, and its steps are listed below.

    Without `styled` it is to stand in a page that has `STYLE`.
    """
    steps = state_path(connection) if connection else ()
    zero = origin(connection)[0] if connection else 0
    listed = max((sum(step.side == side for step in steps) for side in SIDES), default=0)
    height = BOTTOM + (60 + _LINE * 1.3 * listed if connection else 20)
    root = ET.Element("svg", {"xmlns": "http://www.w3.org/2000/svg", "viewBox": f"0 0 {WIDTH} {height:.0f}"})
    if styled:
        ET.SubElement(root, "style").text = STYLE
    _heads(root)
    ET.SubElement(root, "rect", {"class": "page", "width": "100%", "height": "100%"})
    _title(root, connection, style)
    _frames(root)
    for way, row in sorted(figure().items(), key=lambda item: any(step.way == item[0] for step in steps)):
        taken = [step for step in steps if step.way == way]
        _arrow(root, ARROWS[way], {step.side for step in taken}, _words(row, taken, zero, style))
    for state, centres in BOXES.items():
        for centre, sides in zip(centres, visitors(state, steps), strict=False):
            _box(root, centre, state, sides)
    if connection:
        _list(root, connection, steps, zero, style)
    ET.indent(root)
    return ET.tostring(root, encoding="unicode") + "\n"


def _heads(root: ET.Element) -> None:
    defs = ET.SubElement(root, "defs")
    for name in ("plain", *SIDES):
        marker = {"id": f"head-{name}", "viewBox": "0 0 10 10", "refX": "9", "refY": "5", "orient": "auto"}
        size = {"markerWidth": "11", "markerHeight": "11", "markerUnits": "userSpaceOnUse"}
        element = ET.SubElement(defs, "marker", marker | size)
        ET.SubElement(element, "path", {"class": f"head {name}", "d": "M0 0.5 L10 5 L0 9.5 z"})


def _text(parent: ET.Element, at: Point, text: str, classes: str, anchor: str = "start") -> None:
    where = {"x": str(at[0]), "y": str(at[1]), "class": classes}
    ET.SubElement(parent, "text", where | ({} if anchor == "start" else {"text-anchor": anchor})).text = text


def _title(root: ET.Element, connection: Connection | None, style: Style) -> None:
    what, note = "The states of TCP in Linux", "Arrows: what happens, what is sent, the kernel function."
    if connection:
        ends = (place(connection, side, style) for side in SIDES)
        what = f"#{style.clean(connection.id.removeprefix('c'))}  " + " → ".join(ends)
        outcome = (connection.outcome or "outcome not known").replace("_", " ")
        note = f"{style.clean(outcome)}; t = 0 is {origin(connection)[1]}"
    _text(root, (60, 44), what, "title")
    _text(root, (60, 66), note, "note")


def _frames(root: ET.Element) -> None:
    for frame in FRAMES:
        group = ET.SubElement(root, "g", {"class": "frame"})
        (x, y), (width, height) = frame.corner, frame.size
        shape = {"x": x, "y": y, "width": width, "height": height, "rx": 12}
        ET.SubElement(group, "rect", {name: str(value) for name, value in shape.items()})
        _text(group, frame.at, frame.caption, "", frame.anchor)


_Words = list[tuple[str, str]]


def _words(row: Transition, steps: Sequence[Step], zero: int, style: Style) -> _Words:
    """The lines of an arrow's words, each with its classes."""
    lines = [(words_of(row, steps), "event halo")]
    lines += [(mark_of(step, zero, style), f"mark halo {step.side}") for step in steps]
    by = next((step.by for step in steps if step.by), "") if steps else row.by[0]
    return [*lines, (style.clean(by), "by halo")] if by else lines


def _arrow(root: ET.Element, arrow: Arrow, sides: set[SideName], lines: _Words) -> None:
    """A line for each side that took it, beside each other; one for nobody's."""
    group = ET.SubElement(root, "g", {"class": "taken" if sides else "free"})
    for at, side in enumerate(sorted(sides) or ["plain"]):
        apart = (2 * at - 1) * _APART if len(sides) > 1 else 0
        line = {"class": f"arrow {side}", "d": _path(arrow.bends, apart), "marker-end": f"url(#head-{side})"}
        ET.SubElement(group, "path", line)
    x, y = arrow.words
    top = y - _LINE * (len(lines) - 1) if arrow.grow == "up" else y
    for at, (text, classes) in enumerate(lines):
        _text(group, (x, top + at * _LINE), text, classes, arrow.anchor)


def _path(bends: Sequence[Point], apart: int) -> str:
    """Straight lines with rounded corners, moved by `apart` across and along: two beside each other."""
    points = [(x + apart, y + apart) for x, y in bends]
    points[0], points[-1] = _kept(bends[0], bends[1], apart), _kept(bends[-1], bends[-2], apart)
    path = f"M{points[0][0]} {points[0][1]}"
    for before, here, after in zip(points, points[1:], points[2:], strict=False):
        (ax, ay), (bx, by) = _near(here, before), _near(here, after)
        path += f" L{ax} {ay} Q{here[0]} {here[1]} {bx} {by}"
    return path + f" L{points[-1][0]} {points[-1][1]}"


def _kept(end: Point, other: Point, apart: int) -> Point:
    """An end moves across its line only, so that it still touches its box."""
    return (end[0] + apart, end[1]) if end[0] == other[0] else (end[0], end[1] + apart)


def _near(here: Point, there: Point) -> Point:
    """The point on the way from `here` to `there` where the corner's curve begins or ends."""
    (x, y), (to_x, to_y) = here, there
    return x + _RADIUS * ((to_x > x) - (to_x < x)), y + _RADIUS * ((to_y > y) - (to_y < y))


def _box(root: ET.Element, centre: Point, state: str, sides: set[SideName]) -> None:
    (x, y), (width, height) = centre, BOX
    shape = {"x": x - width // 2, "y": y - height // 2, "width": width, "height": height, "rx": 9}
    classes = "box" if not sides else f"box entered {'both' if len(sides) > 1 else min(sides)}"
    ET.SubElement(root, "rect", {"class": classes} | {name: str(value) for name, value in shape.items()})
    rfc = RFC_NAMES[state]
    _text(root, (x, y + (-1 if rfc != state else 5)), state, "name", "middle")
    if rfc != state:
        _text(root, (x, y + 16), rfc, "rfc", "middle")


def _list(root: ET.Element, connection: Connection, steps: Sequence[Step], zero: int, style: Style) -> None:
    for side, x in zip(SIDES, (60, 580), strict=True):
        y = BOTTOM + 10
        who = f"{side}  {owner(half_of(connection, side), style)}".rstrip()
        _text(root, (x, y), who if seen(connection, side) else f"{who}  not seen here", f"name {side}")
        for at, step in enumerate((step for step in steps if step.side == side), 1):
            line = y + round(at * _LINE * 1.3)
            _text(root, (x, line), mark_of(step, zero, style), f"mark {side}")
            _text(root, (x + 110, line), f"{step.source} → {step.target}", "")
            _text(root, (x + 330, line), style.clean(step.by or ""), "by")
