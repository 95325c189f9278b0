"""A line a connection: who, whereto, how it went and how long it took."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, NamedTuple

from rich.cells import cell_len
from rich.text import Text

from synscope.connections.model import Connection
from synscope.text import Glyphs, fit
from synscope.views.facts import accept_wait_ns, retransmits, setup_ns
from synscope.views.lines import number_of, owner, place
from synscope.views.notes import nothing
from synscope.views.style import BAD, FRAME, GOOD, NOTE, Style

if TYPE_CHECKING:
    from synscope.events.trace import Trace

NAME = "table"
ONE_LINE = "a line a connection: ends, outcome, times, retransmissions"


class _Column(NamedTuple):
    """A heading, how far the column may shrink (None: not at all), and on which side it lies flush."""

    heading: str
    least: int | None = None
    right: bool = False


_COLUMNS = (
    _Column("#", right=True),
    _Column("client", 9),
    _Column("server", 9),
    _Column("outcome", 11),
    _Column("setup", right=True),
    _Column("queue", right=True),
    _Column("rtx", right=True),
    _Column("owner", 6),
)
_OUTCOME = 3
_PLACES = (1, 2)


def render(connections: Sequence[Connection], trace: Trace, style: Style) -> Iterator[Text]:
    """A heading and a line a connection, columns as wide as their content and the terminal allow."""
    if not connections:
        yield from nothing(trace, style)
        return
    rows = [_cells(connection, style) for connection in connections]
    natural = [
        max(len(column.heading), *(cell_len(row[at]) for row in rows)) for at, column in enumerate(_COLUMNS)
    ]
    gap = 2 if sum(natural) + 2 * (len(natural) - 1) <= style.columns - 1 else 1
    widths = _fitted(natural, style.columns - 1 - gap * (len(natural) - 1))
    yield _line([column.heading for column in _COLUMNS], widths, gap, style, FRAME)
    for connection, row in zip(connections, rows, strict=True):
        yield _line(row, widths, gap, style, ink_of(connection))


def _cells(connection: Connection, style: Style) -> list[str]:
    setup, wait = setup_ns(connection), accept_wait_ns(connection)
    count = retransmits(connection)
    return [
        number_of(connection, style).removeprefix("#"),
        place(connection, "client", style),
        place(connection, "server", style),
        outcome_word(connection, style),
        "" if setup is None else style.duration(setup),
        "" if wait is None else style.duration(wait),
        str(count) if count else "",
        owner(connection.client, style) or owner(connection.server, style),
    ]


def outcome_word(connection: Connection, style: Style) -> str:
    """The errno's name where the outcome is a failure: it says more in less."""
    if connection.errno is not None:
        return fit(style.clean(connection.errno), 15, style.glyphs)
    return "?" if connection.outcome is None else style.clean(connection.outcome).replace("_", " ")


def ink_of(connection: Connection) -> str:
    """The ink of its outcome."""
    if connection.outcome == "established":
        return GOOD
    return NOTE if connection.outcome in (None, "in_progress") else BAD


def _fitted(natural: list[int], room: int) -> list[int]:
    """Widths that fit in `room`: the widest of the columns that may shrink gives way, cell by cell."""
    widths = list(natural)
    while sum(widths) > room:
        loose = [at for at, column in enumerate(_COLUMNS) if column.least and widths[at] > column.least]
        if not loose:
            break
        widths[max(loose, key=lambda at: widths[at])] -= 1
    return widths


def _line(cells: list[str], widths: list[int], gap: int, style: Style, ink: str) -> Text:
    line = Text(" ")
    for at, (cell, width, column) in enumerate(zip(cells, widths, _COLUMNS, strict=True)):
        shown = shortened(cell, width, style.glyphs) if at in _PLACES else fit(cell, width, style.glyphs)
        pad = " " * (width - cell_len(shown))
        line.append(" " * gap if at else "")
        line.append(
            pad + shown if column.right else shown + pad, ink if at == _OUTCOME or ink == FRAME else ""
        )
    line.rstrip()
    return line


def shortened(place: str, width: int, glyphs: Glyphs) -> str:
    """An address and port cut in the middle, whose ends tell more: `[2001:d…777]:8080`."""
    if cell_len(place) <= width or cell_len(place) != len(place):
        return fit(place, width, glyphs)
    kept = width - len(glyphs.ellipsis)
    tail = kept * 2 // 3
    return place[: kept - tail] + glyphs.ellipsis + place[-tail:]
