"""The ladder drawn to scale, as SVG: time runs downward, segments slant from kernel to kernel."""

from collections.abc import Iterator, Sequence
from typing import NamedTuple

from synscope.connections.model import Call, Connection, SideName
from synscope.text import fit
from synscope.views.facts import SIDES, half_of, origin, passed, seen
from synscope.views.ladder_svg_arrows import HEIGHT, arrows
from synscope.views.ladder_svg_element import element, path, tip, words
from synscope.views.ladder_svg_marks import Mark, Places, flights, marks, moments, places
from synscope.views.ladder_svg_paper import NARROW, STYLE, WIDE, Paper
from synscope.views.ladder_svg_scale import Scale, round_step, scale, spread
from synscope.views.lines import owner, place, verdict
from synscope.views.style import Style

_HEAD, _GAP = 62, 24
_AIRY = 1.15  # how much longer the axis is than the labels need
_RULE = 20  # px of the scale's rule, at least


class Sheet(NamedTuple):
    """One drawing: its connection, its paper, its axis, and where its calls were."""

    connection: Connection
    paper: Paper
    scale: Scale
    at: Places
    zero_ns: int
    style: Style

    def y(self, t_ns: int) -> float:
        """The height of a moment."""
        return _HEAD + _GAP / 2 + self.scale.at(t_ns)


def svg(connection: Connection, style: Style) -> str:
    """The ladder as a document of its own, light or dark as its reader's desktop is."""
    paper, top = WIDE, 64
    drawn, height = _drawn(connection, paper, style)
    page = element("rect", class_="page", width="100%", height="100%")
    ends = " → ".join(place(connection, side, style) for side in SIDES)
    head = words(20, 34, ends, "title") + words(20, 54, verdict(connection, style).plain, "note")
    look = f"<style>.title {{ font-size: 19px; font-weight: 600 }}{STYLE}</style>"
    moved = element("g", drawn, transform=f"translate(0 {top})")
    box = f"0 0 {paper.width} {height + top:.0f}"
    xml = "http://www.w3.org/2000/svg"
    return element("svg", look, page, head, moved, xmlns=xml, viewBox=box, class_="ladder") + "\n"


def drawing(connection: Connection, style: Style, *, narrow: bool = False) -> str:
    """The ladder to stand in an HTML page that has `STYLE`."""
    paper = NARROW if narrow else WIDE
    drawn, height = _drawn(connection, paper, style)
    classes = "ladder narrow" if narrow else "ladder wide"
    name = "Ladder: both kernels, time runs downward"
    box = f"0 0 {paper.width} {height:.0f}"
    return element("svg", drawn, viewBox=box, class_=classes, role="group", aria_label=name)


def _drawn(connection: Connection, paper: Paper, style: Style) -> tuple[str, float]:
    """All of it, and its height."""
    at = places(connection)
    shown = marks(connection, at, style)
    sides = (sum(_size(mark, paper) for mark in shown if mark.side == side) for side in SIDES)
    room = max(*sides, len(connection.segments) * HEIGHT) * _AIRY
    axis = scale(moments(connection), flights(connection), room)
    sheet = Sheet(connection, paper, axis, at, origin(connection)[0], style)
    (labels, lowest), (segments, last) = _labels(sheet, shown), arrows(sheet)
    bottom = max(lowest, last, _HEAD + _GAP + axis.length)
    parts = (_rule(sheet), _hosts(sheet, bottom), *_breaks(sheet), *_busy(sheet), segments, labels)
    return "".join(parts), bottom + 12


def _size(mark: Mark, paper: Paper) -> float:
    """How high its label is, with the space below."""
    lines = bool(mark.words) + (len(mark.notes) if paper.notes else 1)
    return paper.line * max(1, lines) + 3


def _hosts(sheet: Sheet, bottom: float) -> str:
    """Both lanes, their rails, and who is there."""
    paper, connection = sheet.paper, sheet.connection
    parts = []
    for side in SIDES:
        left = min(paper.x(paper.process, side), paper.x(paper.softirq, side))
        width = paper.softirq - paper.process
        lane = {"x": left - 10, "y": _HEAD - 4, "width": width + 20, "height": bottom - _HEAD + 4}
        parts.append(element("rect", class_="lane", rx=6, **lane))
        if seen(connection, side) or passed(connection, side):
            parts += _rails(sheet, side, bottom)
        edge, anchor = (8.0, None) if side == "client" else (paper.width - 8, "end")
        if paper.notes:
            edge, anchor = paper.x(paper.words, side), "end" if side == "client" else None
        parts.append(words(edge, 16, side, f"host fill {side}", anchor))
        parts.append(words(edge, 33, _who(connection, side, sheet.style), "note", anchor))
    return "".join(parts)


def _who(connection: Connection, side: SideName, style: Style) -> str:
    if not seen(connection, side):
        return "no socket seen" if passed(connection, side) else "not seen here"
    half = half_of(connection, side)
    name = owner(half, style)
    return name if half is None or half.traced else f"{name} not under trace".strip()


def _rails(sheet: Sheet, side: SideName, bottom: float) -> Iterator[str]:
    """A line for each context, or one where no stack told them apart; dotted through a break."""
    paper = sheet.paper
    told = bool(sheet.at.contexts)
    for context in ("process", "softirq") if told else (None,):
        x, at = paper.rail(context, side), float(_HEAD)
        for gap in sheet.scale.breaks:
            yield path(((x, at), (x, sheet.y(gap.start_ns) + 6)), f"rail {context or ''}")
            at = sheet.y(gap.end_ns) - 6
        yield path(((x, at), (x, bottom - 4)), f"rail {context or ''}")
        if context is not None:
            outward = (context == "process") == (side == "client")
            near = x + 6 if outward else x - 6
            yield words(near, _HEAD - 9, context, "caption", "end" if outward else None)


def _breaks(sheet: Sheet) -> Iterator[str]:
    """Where time is not to scale: two lines across, and how long it is."""
    paper = sheet.paper
    left, right = paper.process - 10, paper.width - paper.process + 10
    for gap in sheet.scale.breaks:
        top, bottom = sheet.y(gap.start_ns) + 7, sheet.y(gap.end_ns) - 7
        for y in (top, bottom):
            yield path(((left, y), (right, y)), "break")
        said = sheet.style.duration(gap.spent_ns)
        said += ", not to scale" if paper.notes else ""
        yield words(paper.width / 2, (top + bottom) / 2 + 4, said, "note halo", "middle")


def _busy(sheet: Sheet) -> Iterator[str]:
    """From when to when a thread was in a system call."""
    for call in sheet.at.system_calls:
        top, bottom = sheet.y(call.enter_ns or 0), sheet.y(call.exit_ns or 0)
        x = sheet.paper.rail("process", call.side)
        bar = {"x": x - 4, "y": top, "width": 8, "height": max(2, bottom - top), "rx": 3}
        yield element("rect", tip(_told(call, sheet.style)), class_=f"busy fill {call.side}", **bar)


def _told(call: Call, style: Style) -> str:
    spent = style.duration((call.exit_ns or 0) - (call.enter_ns or 0))
    result = f" = {style.clean(call.ret)}" if call.ret is not None else ""
    return f"{style.clean(call.function)}{result} after {spent}"


def _labels(sheet: Sheet, shown: Sequence[Mark]) -> tuple[str, float]:
    """The words of both sides, each near its moment, and where the lowest ends."""
    parts, lowest = [], 0.0
    for side in SIDES:
        mine = [mark for mark in shown if mark.side == side]
        sizes = [_size(mark, sheet.paper) for mark in mine]
        tops = spread([sheet.y(mark.t_ns) - sheet.paper.line / 2 for mark in mine], sizes, _HEAD - 2)
        parts += [_label(sheet, mark, top) for mark, top in zip(mine, tops, strict=True)]
        if mine:
            lowest = max(lowest, tops[-1] + sizes[-1])
    return "".join(parts), lowest


def _label(sheet: Sheet, mark: Mark, top: float) -> str:
    """A moment's dot, a line to its words, and the words; a link to its calls where there are some."""
    paper, side = sheet.paper, mark.side
    x, y = paper.rail(mark.context, side), sheet.y(mark.t_ns)
    middle = top + paper.line / 2
    edge = paper.x(paper.label, side)
    bend = paper.x(paper.process - 12, side)
    ink = "bad" if mark.kind == "drop" else side
    parts = [path(((edge, middle), (bend, y), (x, y)), "leader")]
    parts.append(element("circle", cx=x, cy=y, r=3.2, class_=f"fill {ink}"))
    parts += _lines(sheet, mark, middle + 4)
    if mark.key not in sheet.at.contexts:
        return element("g", *parts, class_="mark", data_k=mark.key)
    name = sheet.connection.id
    own = f"{name}-mark-{mark.key}" if paper.notes and mark.first else None  # once in a page
    link = f"#{name}-call-{mark.key}"
    return element("a", *parts, class_="mark", data_k=mark.key, href=link, id=own)


def _lines(sheet: Sheet, mark: Mark, y: float) -> Iterator[str]:
    """The time, and beside it (on narrow paper below it) what happened."""
    paper, side = sheet.paper, mark.side
    anchor = "end" if side == "client" else None
    time, at = paper.x(paper.time, side), paper.x(paper.words, side)
    yield words(time, y, sheet.style.relative(mark.t_ns - sheet.zero_ns), "time", anchor)
    if not mark.words:
        return
    ink = "call fill bad" if mark.kind == "drop" else mark.kind
    if not paper.notes:
        yield words(at, y + paper.line, fit(mark.short, 16), ink, anchor)
        return
    yield words(at, y, mark.words, ink, anchor)
    for row, note in enumerate(mark.notes, 1):
        name = "note by" if mark.kind == "state" or (mark.kind == "drop" and row > 1) else "note"
        yield words(at, y + row * paper.line, fit(note, 32), name, anchor)


def _rule(sheet: Sheet) -> str:
    """How long a stretch of time is where it is to scale."""
    per_ns = sheet.scale.per_ns
    if not per_ns:
        return ""
    step = round_step(_RULE / per_ns)
    x, top, end = sheet.paper.width / 2 - 16, 8.0, 8 + step * per_ns
    line = path(((x - 4, top), (x + 4, top), (x, top), (x, end), (x - 4, end), (x + 4, end)), "rail")
    return line + words(x + 9, (top + end) / 2 + 4, sheet.style.duration(step), "note")
