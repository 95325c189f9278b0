"""Initial sequence numbers over time as dots: the panels of both drawings, and the terminal's."""

from collections.abc import Iterator

import msgspec
import numpy as np
from rich.text import Text

from synscope.connections.isns import Peer
from synscope.tcp.isn.generators import SPACE
from synscope.tcp.isn.samples import Floats, Samples, arc
from synscope.views.style import FRAME, NOTE, STATE, Style

ROWS = 10
_FEWEST = 3
_BRAILLE = 0x2800
_DOTS = ((0x01, 0x08), (0x02, 0x10), (0x04, 0x20), (0x40, 0x80))  # Unicode's order: row, column
_GAP = 3


class Panel(msgspec.Struct, frozen=True):
    """Points of one plot.

    Attributes:
        x: seconds.
        y: how far above `bottom`, at most `height`: all 2^32 numbers, or the arc that the points need.
    """

    title: str
    x: Floats
    y: Floats
    bottom: int
    height: int


def panels(peer: Peer) -> list[Panel]:
    """One for the 4-tuple that came again and again, one for the first of each 4-tuple; or one for all."""
    again, different = peer.samples.most_used(), peer.samples.first_of_each()
    if min(len(again.isn), len(different.isn)) < _FEWEST:
        return [_panel("all connections", peer.samples, peer.samples)]
    return [
        _panel(f"one 4-tuple, {len(again.isn)} times", again, peer.samples),
        _panel(f"{len(different.isn)} different 4-tuples", different, peer.samples),
    ]


def _panel(title: str, shown: Samples, every: Samples) -> Panel:
    start, length = arc(shown.isn)
    bottom, height = (0, SPACE) if length > SPACE / 2 else (int(start), max(1, int(length)))
    x = (shown.t_ns - every.t_ns[0]) / 1e9
    return Panel(title, x, ((shown.isn - bottom) % SPACE).astype(np.float64), bottom, height)


def plot(peer: Peer, style: Style) -> Iterator[Text]:
    """The panels side by side, with their scales."""
    every = panels(peer)
    span = float(peer.samples.seconds[-1])
    columns = (style.columns - 2 - _GAP * (len(every) - 1)) // len(every)
    drawn = [[*_drawn(panel, span, columns, style)] for panel in every]
    for row in zip(*drawn, strict=True):
        yield Text("  ").append_text(Text(" " * _GAP).join(row))


def _drawn(panel: Panel, span: float, columns: int, style: Style) -> Iterator[Text]:
    yield _wide(panel.title, columns, STATE)
    yield _wide(f"+{panel.height:,}", columns, NOTE)
    edge = "|" if style.ascii else "┊"
    for line in _cells(panel, span, columns - 2, style):
        yield Text(edge, FRAME).append(line.ljust(columns - 2)).append(edge, FRAME)
    left, right = f"{panel.bottom:,}", f"{span:.1f} s"
    yield _wide(left + right.rjust(columns - len(left)), columns, NOTE)


def _wide(text: str, columns: int, ink: str) -> Text:
    return Text(text[:columns].ljust(columns), ink)


def _cells(panel: Panel, span: float, columns: int, style: Style) -> list[str]:
    """Two by four dots a cell in braille; in ASCII a cell is a dot, and a letter says how many are in it."""
    across, down = (1, 1) if style.ascii else (2, 4)
    width, height = columns * across, ROWS * down
    x = np.minimum((panel.x / (span or 1) * width).astype(int), width - 1)
    y = height - 1 - np.minimum((panel.y / panel.height * height).astype(int), height - 1)
    cells = np.zeros((ROWS, columns), dtype=int)
    if style.ascii:
        np.add.at(cells, (y, x), 1)
        return ["".join(" .o@"[min(3, count)] for count in row) for row in cells.tolist()]
    np.bitwise_or.at(cells, (y // 4, x // 2), np.array(_DOTS)[y % 4, x % 2])
    return ["".join(chr(_BRAILLE + dots) if dots else " " for dots in row) for row in cells.tolist()]
