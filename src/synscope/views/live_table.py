"""The live view's table: its columns, what of them a width has room for, and a line a connection."""

from collections.abc import Callable
from functools import lru_cache
from typing import NamedTuple

from rich.cells import cell_len
from rich.text import Text

from synscope.connections.model import Connection, Finding
from synscope.diagnosis.verdict import SEVERITIES
from synscope.text import fit
from synscope.views.findings import INKS
from synscope.views.lines import owner, place
from synscope.views.live_rows import Key, Row
from synscope.views.style import FRAME, TITLE, Style
from synscope.views.table import ink_of, outcome_word, shortened

Clock = Callable[[int], str]
"""The time of day, `12:34:56.789`, of a time of the connections' clock."""

_ROOM_FOR_PID, _ROOM_FOR_BOTH = 100, 160
"""Columns from which on an owner is shown with its pid, and both owners."""


class Column(NamedTuple):
    """A heading, and what stands below it.

    Attributes:
        cells: how wide; None: as wide as there is room.
        key: to sort by; None: it is not sorted by. `descending`: the largest first, unless reversed.
        from_width: it is there from so many columns of the terminal on.
    """

    heading: str
    cell: "Callable[[Row, Drawing], str]"
    cells: int | None = None
    key: Key | None = None
    descending: bool = False
    right: bool = False
    from_width: int = 0


class Drawing(NamedTuple):
    """How to draw: `width` may be more than a view's, for a table that can use it."""

    width: int
    style: Style
    clock: Clock
    sorted_by: Column
    descending: bool


def worst(connection: Connection) -> Finding | None:
    """Its most severe finding, the first of them."""
    return max(connection.findings, key=lambda one: SEVERITIES.index(one.severity), default=None)


def _mark(row: Row, _drawing: Drawing) -> str:
    finding = worst(row.connection)
    return "" if finding is None else "i" if finding.severity == "info" else "!"


def _code(row: Row, drawing: Drawing) -> str:
    finding = worst(row.connection)
    return "" if finding is None else drawing.style.clean(finding.code)


def _setup(row: Row, drawing: Drawing) -> str:
    return "" if row.setup_ns is None else drawing.style.duration(row.setup_ns)


def _wait(row: Row, drawing: Drawing) -> str:
    return "" if row.wait_ns is None else drawing.style.duration(row.wait_ns)


def _owner(row: Row, drawing: Drawing) -> str:
    """Both with their pids, or as much as there is room for of the first that was seen."""
    if drawing.width < _ROOM_FOR_PID:
        return drawing.style.clean(_name(row))
    halves = (row.connection.client, row.connection.server)
    ends = [end for half in halves if (end := owner(half, drawing.style))]
    return f" {drawing.style.glyphs.arrow} ".join(ends if drawing.width >= _ROOM_FOR_BOTH else ends[:1])


def _name(row: Row) -> str:
    halves = (row.connection.client, row.connection.server)
    return next((half.comm for half in halves if half is not None and half.comm), "")


_PLAIN = Style()

COLUMNS = (
    Column("#", lambda row, _: str(row.number), 6, lambda row: row.number, descending=True, right=True),
    Column("time", lambda row, to: to.clock(row.began_ns)[:8], 8, lambda row: row.began_ns, descending=True),
    Column(
        "client",
        lambda row, to: place(row.connection, "client", to.style),
        key=lambda row: place(row.connection, "client", _PLAIN),
    ),
    Column(
        "server",
        lambda row, to: place(row.connection, "server", to.style),
        key=lambda row: place(row.connection, "server", _PLAIN),
    ),
    Column(
        "outcome",
        lambda row, to: outcome_word(row.connection, to.style),
        12,
        lambda row: outcome_word(row.connection, _PLAIN),
    ),
    Column("setup", _setup, 7, lambda row: row.setup_ns, descending=True, right=True),
    Column("queue", _wait, 7, lambda row: row.wait_ns, descending=True, right=True, from_width=96),
    Column(
        "rtx",
        lambda row, _: str(row.retransmits or ""),
        3,
        lambda row: row.retransmits,
        descending=True,
        right=True,
        from_width=100,
    ),
    Column("!", _mark, 1),
    Column("finding", _code, 25, from_width=130),
    Column("owner", _owner, key=_name),
)
_FLEXIBLE = {"client": (15, 21), "server": (15, 21), "owner": (7, 60)}
"""Of each column without a width of its own: the least, and the most that it needs."""

SORTABLE = tuple(column for column in COLUMNS if column.key)


def heading(drawing: Drawing) -> Text:
    """The line above; the column that is sorted by is marked, `-` where the largest comes first."""
    line = Text(" ")
    for column, cells in _layout(drawing.width):
        chosen = column is drawing.sorted_by
        sign = ("-" if drawing.descending else "+") if chosen else ""
        line.append(_padded(sign + column.heading, cells, column.right), TITLE if chosen else FRAME).append(
            " "
        )
    return line


def line(row: Row, drawing: Drawing) -> Text:
    """One connection."""
    drawn = Text(" ")
    finding = worst(row.connection)
    inks = {"outcome": ink_of(row.connection)}
    if finding is not None:
        inks |= dict.fromkeys(("!", "finding"), INKS[finding.severity])
    for column, cells in _layout(drawing.width):
        cut = shortened if column.heading in ("client", "server") else fit
        cell = cut(column.cell(row, drawing), cells, drawing.style.glyphs)
        drawn.append(_padded(cell, cells, column.right), inks.get(column.heading, "")).append(" ")
    return drawn


def _padded(text: str, cells: int, right: bool) -> str:
    pad = " " * (cells - cell_len(text))
    return pad + text if right else text + pad


@lru_cache(16)
def _layout(width: int) -> list[tuple[Column, int]]:
    """The columns that are there, and their cells: what is left over is shared by those that can use it."""
    columns = [column for column in COLUMNS if width >= column.from_width]
    taken = 1 + len(columns) + sum(column.cells or 0 for column in columns)
    cells = {name: least for name, (least, _) in _FLEXIBLE.items()}
    room = width - taken - sum(cells.values())
    while room > 0 and (growing := [name for name, (_, most) in _FLEXIBLE.items() if cells[name] < most]):
        for name in growing[:room]:
            cells[name] += 1
            room -= 1
    return [(column, column.cells or cells[column.heading]) for column in columns]
