"""`.parquet`: a row a connection, its halves as structs, its milestones, segments and the rest as lists."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING

from synscope.export.database import Database
from synscope.export.tables import NESTED

if TYPE_CHECKING:
    from synscope.connections.model import Connection
    from synscope.events.trace import Trace
    from synscope.export.formats import Say

ONE_LINE = "a row a connection (DuckDB, pandas, Polars, Spark)"


def write(connections: Sequence[Connection], trace: Trace, say: Say) -> Iterator[bytes]:
    """One Parquet file (docs/reference/query.md); call trees are left out, as it has no recursive types.

    Raises:
        SynscopeError: DuckDB is not installed.
    """
    with Database() as database:
        database.load("", connections, trace.header, calls=False)
        yield from database.copy(NESTED, "parquet")
    if trace.header.detail != "record":
        say("call trees are not in it: synscope query FILE 'FROM calls' has them, .json too")
