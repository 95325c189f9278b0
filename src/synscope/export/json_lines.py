"""`.jsonl`: a connection a line, as `synscope show --json` prints them."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING

from synscope.export.json import encode

if TYPE_CHECKING:
    from synscope.connections.model import Connection
    from synscope.events.trace import Trace
    from synscope.export.formats import Say

ONE_LINE = "synscope.connection/1, one a line (jq)"


def write(connections: Sequence[Connection], trace: Trace, say: Say) -> Iterator[bytes]:
    """A line each."""
    for connection in connections:
        yield encode(connection) + b"\n"
