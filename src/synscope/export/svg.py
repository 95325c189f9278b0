"""`.svg`: the ladder of one connection, drawn to scale."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING

from synscope.errors import Exit, SynscopeError
from synscope.views import ladder_svg
from synscope.views.style import Style

if TYPE_CHECKING:
    from synscope.connections.model import Connection
    from synscope.events.trace import Trace
    from synscope.export.formats import Say

ONE_LINE = "the ladder to scale, of one connection (any browser)"


def write(connections: Sequence[Connection], trace: Trace, say: Say) -> Iterator[bytes]:
    """One document. Raises SynscopeError: USAGE, where there is no connection to draw."""
    if not connections:
        raise SynscopeError("no ladder to draw", "the trace has no connection", "", Exit.USAGE)
    if len(connections) > 1:
        say(f"drawn: the first of {len(connections)} connections; --connection c2 is the second")
    yield ladder_svg.svg(connections[0], Style()).encode()
