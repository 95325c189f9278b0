"""DuckDB, in memory: connections go in, and leave as rows or as the bytes of a file.

A query is confined to what was loaded: no file, no network, no extension, no variable of this process.
"""

from __future__ import annotations

import os
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from itertools import islice
from typing import TYPE_CHECKING, Literal

from synscope.errors import Exit, SynscopeError
from synscope.export.table_rows import encoded, structure
from synscope.export.tables import VIEWS

if TYPE_CHECKING:
    import duckdb

    from synscope.connections.model import Connection
    from synscope.events.trace import Header

FileFormat = Literal["csv", "json", "parquet"]

_AT_ONCE = 500
_PIECE = 1 << 20
_ANSWER = "answer"
_OPTIONS: dict[str, str | bool | int | float | list[str]] = {
    "autoinstall_known_extensions": False,
    "autoload_known_extensions": False,
    "python_enable_replacements": False,
    "temp_directory": "",
}


class Database:
    """Tables of connections. `load` as often as there are traces, then ask.

    Raises:
        SynscopeError: DuckDB is not installed.
    """

    def __init__(self) -> None:
        try:
            import duckdb  # noqa: PLC0415
        except ImportError as error:
            what, remedy = "cannot use DuckDB", "pip install 'synscope[query]'"
            raise SynscopeError(what, "it is not installed", remedy) from error
        self._error = duckdb.Error
        self._connection = duckdb.connect(":memory:", config=_OPTIONS)
        self._fd = os.memfd_create("synscope")
        self._file = f"/proc/self/fd/{self._fd}"
        self._confine()
        self._insert("CREATE TABLE loaded AS", "", [])
        for name, select in VIEWS.items():
            self._connection.execute(f'CREATE VIEW "{name}" AS {select}')

    def __enter__(self) -> Database:
        return self

    def __exit__(self, *_: object) -> None:
        self._connection.close()
        os.close(self._fd)

    def _confine(self) -> None:
        """Of all files only the one in memory is left, to COPY to; no later statement can change that."""
        self._connection.execute(f"SET allowed_paths = ['{self._file}']")
        self._connection.execute("SET enable_external_access = false")
        self._connection.execute("SET lock_configuration = true")

    def load(self, file: str, connections: Sequence[Connection], header: Header, calls: bool) -> None:
        """Add a trace's connections under the name `file`; `calls`: also what the table `calls` holds."""
        rows = encoded(connections, header, calls)
        while batch := list(islice(rows, _AT_ONCE)):
            self._insert("INSERT INTO loaded", file, batch)

    def _insert(self, into: str, file: str, rows: list[str]) -> None:
        row = "SELECT ?::VARCHAR AS file, unnest(from_json(row, ?)) FROM (SELECT unnest(?::JSON[]) AS row)"
        self._connection.execute(f"{into} {row}", [file, structure(), rows])

    def columns(self) -> dict[str, list[tuple[str, str]]]:
        """The tables, and the name and type of each column."""
        return {name: self._described(name) for name in VIEWS}

    def _described(self, table: str) -> list[tuple[str, str]]:
        found = self._connection.execute(f'DESCRIBE "{table}"').fetchall()
        return [(name, kind) for name, kind, *_ in found]

    def rows(self, query: str) -> tuple[list[str], list[tuple[str | None, ...]]]:
        """The names of the columns, and the rows, each value as DuckDB writes it (None: NULL).

        Raises:
            SynscopeError: USAGE, DuckDB does not take the query.
        """
        with self._answering():
            found = self._asked(query)
            return found.columns, found.project("COLUMNS(*)::VARCHAR").fetchall()

    def copy(self, query: str, form: FileFormat) -> Iterator[bytes]:
        """The query's result as a file, in pieces: once, then nothing more can be asked.

        Raises:
            SynscopeError: USAGE, DuckDB does not take the query.
        """
        header = ", HEADER" if form == "csv" else ""
        with self._answering():
            self._asked(query).create(_ANSWER)
            to = f"'{self._file}' (FORMAT {form}, USE_TMP_FILE false{header})"
            self._connection.execute(f"COPY {_ANSWER} TO {to}")
        return self._pieces()

    def _pieces(self) -> Iterator[bytes]:
        at = 0
        while piece := os.pread(self._fd, _PIECE, at):
            yield piece
            at += len(piece)

    def _asked(self, query: str) -> duckdb.DuckDBPyRelation:
        found = self._connection.sql(query)
        if found is None:
            why = "it has no result"
            raise SynscopeError("cannot answer the query", why, '"FROM connections"', Exit.USAGE)
        return found

    @contextmanager
    def _answering(self) -> Iterator[None]:
        """DuckDB's errors are the reader's; what interrupts it interrupts synscope."""
        try:
            yield
        except (self._error, RuntimeError) as error:
            if "interrupted" in str(error).lower():
                raise KeyboardInterrupt from error
            # the line of the query that it repeats comes after an empty one
            said = " ".join(str(error).partition("\n\n")[0].split())
            remedy = "synscope query FILE, which lists the tables and columns"
            raise SynscopeError("cannot answer the query", said, remedy, Exit.USAGE) from error
