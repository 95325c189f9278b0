"""What the live view can show of its connections: a panel each, chosen by its number."""

from collections.abc import Callable
from typing import TYPE_CHECKING, Any, NamedTuple

from rich.text import Text

from synscope.cli.watch_app.lines import Content
from synscope.views import live_listeners, live_table
from synscope.views.findings import grouped, short
from synscope.views.live_rows import LiveRows, Row
from synscope.views.live_table import Drawing
from synscope.views.spent import spent
from synscope.views.style import FRAME, NOTE, TIME

if TYPE_CHECKING:
    from synscope.connections.model import Connection, Finding


def connections(rows: LiveRows, drawing: Drawing) -> Content:
    """A line a connection, as the table is sorted."""
    return Content(
        live_table.heading(drawing),
        rows.shown,
        lambda row: live_table.line(row, drawing),
        lambda row: row.number,
    )


def findings(rows: LiveRows, drawing: Drawing) -> Content:
    """A line a finding, the newest connection's first."""
    newest = sorted(rows.shown, key=lambda row: -row.number)
    found = [(row, finding) for row in newest for finding in row.connection.findings]
    heading = Text(f" {'time':8} {'#':>6} finding" if found else " no findings", FRAME)
    return Content(
        heading,
        found,
        lambda pair: finding_line(pair[0], pair[1], drawing),
        lambda pair: (pair[0].number, pair[1].code),
    )


def finding_line(row: Row, finding: "Finding", drawing: Drawing) -> Text:
    """`12:34:56     12 error refused-no-listener: Nothing listens on …`."""
    line = Text().append(f" {drawing.clock(row.began_ns)[:8]}", TIME).append(f" {row.number:>6} ", NOTE)
    line.append_text(short(finding, drawing.style))
    if line.cell_len > drawing.width:
        line.truncate(drawing.width - len(drawing.style.glyphs.ellipsis))
        line.append(drawing.style.glyphs.ellipsis)
    return line


def phases(rows: LiveRows, drawing: Drawing) -> Content:
    """Where the time went, by phase; then the findings, by code."""
    shown = [row.connection for row in rows.shown]
    lines = [*spent(shown, drawing.style), *grouped(shown, drawing.style)]
    return _text(lines[1:] or [Text(" no phases", NOTE)])


def listeners(rows: LiveRows, drawing: Drawing) -> Content:
    """The accept queues, as the connections found them."""
    oldest_first = sorted(rows.shown, key=lambda row: row.number)
    found = live_listeners.queues(oldest_first)
    return _text(list(live_listeners.lines(found, drawing.width, drawing.style)))


def _text(lines: list[Text]) -> Content:
    return Content(lines[0], lines[1:], lambda line: line, pick=False)


class Panel(NamedTuple):
    """Its name, its content, and whether that takes no more time the more is kept."""

    name: str
    content: Callable[[LiveRows, Drawing], Content]
    cheap: bool = False


PANELS = (
    Panel("connections", connections, cheap=True),
    Panel("findings", findings),
    Panel("phases", phases),
    Panel("listeners", listeners),
)


def connection_of(item: Any) -> "Connection | None":
    """The connection that an item of a panel is about."""
    row = item[0] if isinstance(item, tuple) else item
    return row.connection if isinstance(row, Row) else None
