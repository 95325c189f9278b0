"""The attempts over time: when each began, and how long it took, on a logarithmic scale."""

from collections import Counter
from collections.abc import Iterator, Sequence
from math import log10

from synscope.export.report.rows import Row
from synscope.views.ladder_svg_element import element, path, tip, words
from synscope.views.ladder_svg_scale import round_step
from synscope.views.style import Style

_WIDTH, _HEIGHT, _LEFT, _TOP, _BOTTOM = 1120, 250, 64, 8, 24
_COLUMNS, _ROWS_PER_DECADE = 140, 7
_FAINTEST = 0.22
_TICKS = 8


def attempts(rows: Sequence[Row], zero_ns: int, style: Style) -> str:
    """The figure as SVG; "" where fewer than two were timed.

    A cell is the darker the more attempts are in it; failed ones are red, and drawn on top.
    """
    timed = [row for row in rows if row.setup_ns]
    if len(timed) < 2:
        return ""
    first, last = (by(row.start_ns for row in timed) for by in (min, max))
    times = [row.setup_ns or 1 for row in timed]
    low, high = int(log10(min(times))), int(log10(max(times))) + 1
    parts = [*_decades(low, high, style), *_ticks(first, last, zero_ns, style)]
    for failed in (False, True):
        parts += _cells([row for row in timed if row.failed is failed], (first, last), (low, high), style)
    return element("svg", *parts, viewBox=f"0 0 {_WIDTH} {_HEIGHT}", class_="attempts", role="img")


def _cells(
    rows: Sequence[Row], span: tuple[int, int], decades: tuple[int, int], style: Style
) -> Iterator[str]:
    (first, last), (low, high) = span, decades
    levels = (high - low) * _ROWS_PER_DECADE
    width, height = (_WIDTH - _LEFT) / _COLUMNS, (_HEIGHT - _TOP - _BOTTOM) / levels
    counts: Counter[tuple[int, int]] = Counter()
    for row in rows:
        column = min(_COLUMNS - 1, (row.start_ns - first) * _COLUMNS // max(1, last - first))
        counts[column, int((log10(row.setup_ns or 1) - low) * _ROWS_PER_DECADE)] += 1
    most = max(counts.values(), default=1)
    for (column, level), count in counts.items():
        shade = _FAINTEST + (1 - _FAINTEST) * (count / most) ** 0.5
        place = {"x": _LEFT + column * width, "y": _TOP + (levels - 1 - level) * height}
        about = style.duration(round(10 ** (low + (level + 0.5) / _ROWS_PER_DECADE)))
        said = tip(f"{count} attempt{'s' if count > 1 else ''} of about {about}")
        ink = "failed" if rows[0].failed else "made"
        size = {"width": width - 0.5, "height": height - 0.5}
        yield element("rect", said, class_=ink, fill_opacity=f"{shade:.2f}", **place, **size)


def _decades(low: int, high: int, style: Style) -> Iterator[str]:
    for power in range(low, high + 1):
        y = _TOP + (high - power) * (_HEIGHT - _TOP - _BOTTOM) / (high - low)
        yield path(((_LEFT, y), (_WIDTH, y)), "grid")
        yield words(_LEFT - 8, y + 4, style.duration(10**power), "tick", "end")


def _ticks(first: int, last: int, zero: int, style: Style) -> Iterator[str]:
    """Round times since the trace began."""
    step = round_step(max(1, last - first) / _TICKS)
    for t in range(-(-(first - zero) // step) * step, last - zero + 1, step):
        x = _LEFT + (t + zero - first) * (_WIDTH - _LEFT) / max(1, last - first)
        if x < _WIDTH - 30:
            yield words(x, _HEIGHT - 6, style.relative(t), "tick")
