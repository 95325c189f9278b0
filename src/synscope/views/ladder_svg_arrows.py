"""The segments of a drawn ladder: from the sender's kernel to the receiver's, in true time."""

from __future__ import annotations

from collections.abc import Iterator
from math import atan2, degrees
from typing import TYPE_CHECKING, NamedTuple

from synscope.connections.model import Connection, Segment
from synscope.views.facts import other, seen
from synscope.views.ladder_svg_element import element, number, path, tip, words
from synscope.views.ladder_svg_marks import key_of, moment_of
from synscope.views.segments import carries, fields, label

if TYPE_CHECKING:
    from synscope.views.ladder_svg import Sheet

_LOST, _DROPPED, _BLIND = 0.62, 0.3, 0.5  # how far across a segment is drawn that was not seen to arrive
HEIGHT = 38
"""Of an arrow with its words, px."""

_TOLERATED = 9  # px by which words may lie on those above; moved, they no longer lie along their arrow


class _Line(NamedTuple):
    """An arrow as drawn.

    Attributes:
        ending: what stands at its end instead of a head: `✗` or `?`.
        stub: whether it stops before the other lane.
    """

    segment: Segment
    x: float
    y: float
    to_x: float
    to_y: float
    ending: str = ""
    stub: bool = False

    @property
    def middle(self) -> tuple[float, float]:
        return (self.x + self.to_x) / 2, (self.y + self.to_y) / 2


def arrows(sheet: Sheet) -> tuple[str, float]:
    """All segments, and where the lowest words end.

    Where words would lie on each other, the later ones' move down.
    """
    lines = sorted((_line(sheet, one) for one in sheet.connection.segments), key=lambda one: one.middle[1])
    parts, free = [], 0.0
    for line in lines:
        wanted = line.middle[1] - HEIGHT / 2
        shift = free - wanted if free - wanted > _TOLERATED else 0.0
        parts.append(_arrow(sheet, line, shift))
        free = wanted + shift + HEIGHT
    return "".join(parts), free


def _line(sheet: Sheet, segment: Segment) -> _Line:
    """Where it begins and ends: a side that did not see it has no end of it."""
    source, target = segment.source, other(segment.source)
    sent, received = segment.sent_ns, segment.received_ns
    start = sheet.paper.rail(sheet.at.context(key_of(source, f"sends {segment.flags}"), sent), source)
    stop = sheet.paper.rail(sheet.at.context(key_of(target, f"receives {segment.flags}"), received), target)
    at = sheet.y(moment_of(sheet.connection, segment))
    top, bottom = (at if sent is None else sheet.y(sent)), (at if received is None else sheet.y(received))
    if segment.inferred and seen(sheet.connection, target):
        return _Line(segment, start, top, stop, bottom)
    if received is None:
        across, ending = _stop(sheet.connection, segment)
        return _Line(segment, start, top, start + across * (stop - start), top, ending, True)
    if sent is None:
        return _Line(segment, stop + _BLIND * (start - stop), bottom, stop, bottom)
    return _Line(segment, start, top, stop, bottom, "✗" if segment.dropped else "")


def _stop(connection: Connection, segment: Segment) -> tuple[float, str]:
    """How far across, and what stands there."""
    if segment.dropped is not None:
        return _DROPPED, "✗"
    return (_LOST, "?") if seen(connection, other(segment.source)) else (_BLIND, "")


def _arrow(sheet: Sheet, line: _Line, shift: float) -> str:
    segment = line.segment
    ink = "bad" if segment.retransmission or line.ending else segment.source
    shape = f"arrow line {ink}{' inferred' if segment.inferred else ''}"
    parts = [tip(_all(sheet, segment)), path(((line.x, line.y), (line.to_x, line.to_y)), shape)]
    if line.ending:
        parts.append(words(line.to_x, line.to_y + 4.5, line.ending, "name halo fill bad", "middle"))
    else:
        parts.append(_head(line, ink))
    parts += _words(sheet, line, shift, ink)
    keys = (
        key_of(segment.source, f"sends {segment.flags}"),
        key_of(other(segment.source), f"receives {segment.flags}"),
    )
    return element("g", *parts, class_="segment", data_k=" ".join(keys))


def _head(line: _Line, ink: str) -> str:
    angle = number(degrees(atan2(line.to_y - line.y, line.to_x - line.x)))
    move = f"translate({number(line.to_x)} {number(line.to_y)}) rotate({angle})"
    return element("path", d="M0 0L-9 -3.6L-9 3.6z", transform=move, class_=f"fill {ink}")


def _words(sheet: Sheet, line: _Line, shift: float, ink: str) -> Iterator[str]:
    """Its name above the line, what it carries below; moved, they lie level, and a thin line leads there."""
    x, y = line.middle
    angle = 0.0 if shift else _slope(line)
    if shift:
        below = y + max(shift, HEIGHT / 2 + 2)  # not on its own line
        yield path(((x, y), (x, below)), "leader")
        y = below
    name = label(sheet.connection, line.segment, sheet.style)
    name = name if sheet.paper.notes else name.replace(", retransmission", " again")
    x, anchor = _beginning(line) if line.stub else (x, "middle")
    lines = [words(0, -6, name, f"name halo fill {ink}", anchor)]
    carried = carries(line.segment.options or {}, sheet.style)
    if sheet.paper.notes and carried:
        lines.append(words(0, 8 if shift else 13, carried[:44], "carried halo", anchor))
    yield element("g", *lines, transform=f"translate({number(x)} {number(y)}) rotate({number(angle)})")


def _slope(line: _Line) -> float:
    """In degrees, such that words along it stand upright."""
    across, down = line.to_x - line.x, line.to_y - line.y
    return degrees(atan2(down, across) if across > 0 else atan2(-down, -across))


def _beginning(line: _Line) -> tuple[float, str | None]:
    """Where the words of an arrow begin that is shorter than they are."""
    return (line.x + 12, None) if line.to_x > line.x else (line.x - 12, "end")


def _all(sheet: Sheet, segment: Segment) -> str:
    """Everything that it carries, for a pointer that rests on it."""
    said = "  ".join(text.plain for text in fields(sheet.connection, segment, sheet.style))
    spent = None
    if segment.sent_ns is not None and segment.received_ns is not None:
        spent = f"{sheet.style.duration(segment.received_ns - segment.sent_ns)} under way"
    name = label(sheet.connection, segment, sheet.style)
    return "  ".join(filter(None, (name, spent, said)))
