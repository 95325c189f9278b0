"""A grid of cells to draw boxes, lines and words into, in Unicode or ASCII."""

from itertools import pairwise

from rich.cells import cell_len
from rich.text import Text

Cell = tuple[int, int]

_UP, _DOWN, _LEFT, _RIGHT = 1, 2, 4, 8
_LIGHT = "·╵╷│╴┘┐┤╶└┌├─┴┬┼"
_HEAVY = "·╹╻┃╸┛┓┫╺┗┏┣━┻┳╋"
_ASCII_LIGHT = ".|||-+++-+++-+++"
_ASCII_HEAVY = ".###=###=###=###"
_HEADS = {(0, -1): "▲", (0, 1): "▼", (-1, 0): "◄", (1, 0): "►"}
_ASCII_HEADS = {(0, -1): "^", (0, 1): "v", (-1, 0): "<", (1, 0): ">"}
_BIT = {(0, -1): _UP, (0, 1): _DOWN, (-1, 0): _LEFT, (1, 0): _RIGHT}


class Canvas:
    """Cells are (column, row). What is drawn later lies on top; lines that meet are joined."""

    def __init__(self, *, ascii_only: bool) -> None:
        self._ascii = ascii_only
        self._lines: dict[Cell, tuple[int, bool, str]] = {}
        self._characters: dict[Cell, tuple[str, str]] = {}

    def line(self, bends: tuple[Cell, ...], ink: str, *, heavy: bool) -> None:
        """A line along `bends`, with a head at its end."""
        cells = _along(bends)
        for here, there in pairwise(cells):
            step = (there[0] - here[0], there[1] - here[1])
            self._join(here, _BIT[step], ink, heavy=heavy)
            self._join(there, _BIT[-step[0], -step[1]], ink, heavy=heavy)
        if len(cells) > 1:
            last, before = cells[-1], cells[-2]
            heads = _ASCII_HEADS if self._ascii else _HEADS
            self._characters[last] = heads[last[0] - before[0], last[1] - before[1]], ink

    def box(self, corner: Cell, size: Cell, ink: str, *, heavy: bool) -> None:
        """A frame of `size` columns and rows."""
        (left, top), (right, bottom) = corner, (corner[0] + size[0] - 1, corner[1] + size[1] - 1)
        ring = ((left, top), (right, top), (right, bottom), (left, bottom), (left, top))
        for here, there in pairwise(_along(ring)):
            step = (there[0] - here[0], there[1] - here[1])
            self._join(here, _BIT[step], ink, heavy=heavy)
            self._join(there, _BIT[-step[0], -step[1]], ink, heavy=heavy)

    def words(self, at: Cell, text: str, ink: str) -> None:
        """Words in one row, from `at` on."""
        for offset, character in enumerate(text):
            self._characters[at[0] + offset, at[1]] = character, ink

    def rows(self, height: int) -> list[Text]:
        """The rows from the top, without blanks at their ends."""
        cells = self._drawn()
        return [
            _row({column: cells[column, row] for column, at in cells if at == row}) for row in range(height)
        ]

    def _join(self, cell: Cell, bit: int, ink: str, *, heavy: bool) -> None:
        bits, was_heavy, was_ink = self._lines.get(cell, (0, False, ink))
        self._lines[cell] = bits | bit, heavy or was_heavy, ink if heavy or not was_heavy else was_ink

    def _drawn(self) -> dict[Cell, tuple[str, str]]:
        light, heavy = (_ASCII_LIGHT, _ASCII_HEAVY) if self._ascii else (_LIGHT, _HEAVY)
        lines = {
            cell: ((heavy if is_heavy else light)[bits], ink)
            for cell, (bits, is_heavy, ink) in self._lines.items()
        }
        return lines | self._characters


def _along(bends: tuple[Cell, ...]) -> list[Cell]:
    """Every cell from bend to bend."""
    cells = [bends[0]]
    for (x, y), (to_x, to_y) in pairwise(bends):
        step_x, step_y = (to_x > x) - (to_x < x), (to_y > y) - (to_y < y)
        for n in range(1, max(abs(to_x - x), abs(to_y - y)) + 1):
            cells.append((x + n * step_x, y + n * step_y))
    return cells


def _row(cells: dict[int, tuple[str, str]]) -> Text:
    line = Text()
    for column in sorted(cells):
        character, ink = cells[column]
        line.append(" " * (column - cell_len(line.plain)))
        line.append(character, ink)
    line.rstrip()
    return line
