"""`.txt`: the ladder of each connection, as on a terminal of 100 columns without colour."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING

from synscope.views import ladder
from synscope.views.style import Style

if TYPE_CHECKING:
    from synscope.connections.model import Connection
    from synscope.events.trace import Trace
    from synscope.export.formats import Say

ONE_LINE = "the ladder as text"

_WIDTH = 100


def write(connections: Sequence[Connection], trace: Trace, say: Say) -> Iterator[bytes]:
    """Lines in UTF-8."""
    for line in ladder.render(connections, trace, Style(width=_WIDTH)):
        yield f"{line.plain}\n".encode()
