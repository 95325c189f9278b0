"""The story that `synscope run` ends with: as much of each connection as a reader takes in at once."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING

from rich.text import Text

from synscope.connections.model import Connection
from synscope.views import summary, table
from synscope.views.calls import trees
from synscope.views.facts import failed, retransmits, setup_ns
from synscope.views.findings import unconnected_findings
from synscope.views.ladder import ladder
from synscope.views.lines import number_of, paragraph
from synscope.views.notes import nothing
from synscope.views.style import BAD, NOTE, TITLE, Style

if TYPE_CHECKING:
    from synscope.events.trace import Trace

_LADDERS = 10
_TREES = 3
_ROWS = 20


def story(
    connections: Sequence[Connection], trace: Trace, style: Style, next_command: str = ""
) -> Iterator[Text]:
    """Few connections: each one's ladder and call trees; many: summary, table, and the ladder that matters.

    `next_command` is what the reader may try next; it is the last line.
    """
    if not connections:
        yield from nothing(trace, style)
    elif len(connections) <= _LADDERS:
        yield from _few(connections, trace, style)
    else:
        yield from _many(connections, trace, style)
    if len(connections) <= _LADDERS:
        yield from unconnected_findings(trace, style)
    yield from _missed(connections, trace, style)
    if next_command:
        yield Text()
        yield Text(" Next: ", NOTE).append(style.clean(next_command), TITLE)


def _few(connections: Sequence[Connection], trace: Trace, style: Style) -> Iterator[Text]:
    for index, connection in enumerate(connections):
        if index:
            yield Text()
        yield from ladder(connection, style)
        if connection.calls and len(connections) <= _TREES:
            yield Text()
            yield from trees(connection, style)
    if len(connections) > _TREES and any(connection.calls for connection in connections):
        yield Text()
        yield from paragraph("The kernel path of each: --view calls", style)


def _many(connections: Sequence[Connection], trace: Trace, style: Style) -> Iterator[Text]:
    yield from summary.render(connections, trace, style)
    yield Text()
    yield from table.render(connections[:_ROWS], trace, style)
    if len(connections) > _ROWS:
        yield from paragraph(f"and {len(connections) - _ROWS} more: --view table", style)
    yield Text()
    chosen, why = remarkable(connections)
    yield Text(f" {why}, {number_of(chosen, style)}:", TITLE)
    yield from ladder(chosen, style)


def remarkable(connections: Sequence[Connection]) -> tuple[Connection, str]:
    """The connection to look at first, and why: the first that failed, else the slowest (never empty)."""
    for connection in connections:
        if failed(connection):
            return connection, "The first that failed"
    slowest = max(connections, key=lambda connection: (setup_ns(connection) or -1, retransmits(connection)))
    return slowest, "The slowest"


def _missed(connections: Sequence[Connection], trace: Trace, style: Style) -> Iterator[Text]:
    """Losses are said whatever the view; the summary, or `nothing`, may have."""
    footer = trace.footer
    if not 0 < len(connections) <= _LADDERS or not (footer.lost or footer.left_out or not footer.complete):
        return
    yield Text()
    for place, count in footer.lost.items():
        yield from paragraph(f"lost by the tracer: {count} at {style.clean(place)}", style, BAD)
    for kind, count in footer.left_out.items():
        yield from paragraph(f"left out: {count} {style.clean(kind)} sockets", style)
    if not footer.complete:
        yield from paragraph("the trace was cut off before its end", style, BAD)
