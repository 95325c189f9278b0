"""`.html`: the report, one file that opens in any browser and asks no network for anything."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING

from synscope.export.report.many import of_many
from synscope.export.report.one import of_one
from synscope.views.style import Style

if TYPE_CHECKING:
    from synscope.connections.model import Connection
    from synscope.events.trace import Trace
    from synscope.export.formats import Say

ONE_LINE = "the report: findings, ladder, call tree, states, phases (any browser)"


def write(connections: Sequence[Connection], trace: Trace, say: Say) -> Iterator[bytes]:
    """One page: the story of the connection; of several, an overview that opens into each."""
    style = Style(width=100)
    if len(connections) == 1:
        pieces = of_one(connections[0], trace, style)
    else:
        pieces = of_many(connections, trace, style, say)
    for piece in pieces:
        yield piece.encode()
