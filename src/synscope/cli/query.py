"""`synscope query`: SQL over the connections of saved traces."""

import re
import signal
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

import click

from synscope.cli import ending, output, pager, suggestion, terminal
from synscope.cli.options import FORCE, REDACT
from synscope.errors import Exit, SynscopeError

if TYPE_CHECKING:
    from synscope.export.database import Database
    from synscope.export.redaction.redact import Redaction

FORMATS = ("table", "csv", "json", "parquet")
_CALLS = re.compile(r"\bcalls\b", re.IGNORECASE)


@click.command("query", cls=pager.Command)
@click.argument("words", metavar="FILE... [QUERY]", nargs=-1, required=True)
@click.option(
    "--format",
    "form",
    type=suggestion.Choice(FORMATS),
    default="table",
    show_default=True,
    help="Of the answer.",
)
@click.option(
    "-o", "--output", "to", metavar="FILE", type=click.Path(path_type=Path), help="Write the answer to FILE."
)
@FORCE
@REDACT
def command(*, words: tuple[str, ...], form: str, to: Path | None, force: bool, redact: bool) -> None:
    """Answer an SQL query over the connections of traces.

    synscope query a.syn b.syn "SELECT outcome, count(*) FROM connections GROUP BY ALL": the SQL is
    DuckDB's. Without a query, the tables and their columns are listed.
    """
    from synscope.export.database import Database  # noqa: PLC0415

    files, query = _parted(words)
    to = to or Path("-")
    output.check(to, force)
    with Database() as database:
        if query is None:
            output.put(to, _columns(database))
            return
        redaction = _redaction() if redact else None
        for file in files:
            _load(database, file, _CALLS.search(query) is not None, redaction)
        with _ended_by_ctrl_c():
            answer = _answer(database, query, form)
        output.put(to, answer)


@contextmanager
def _ended_by_ctrl_c() -> Iterator[None]:
    """At once: DuckDB looks for it only between its steps, of which one can take hours."""
    before = signal.getsignal(signal.SIGINT)
    if before is signal.default_int_handler:
        signal.signal(signal.SIGINT, signal.SIG_DFL)
    try:
        yield
    finally:
        signal.signal(signal.SIGINT, before)


def _parted(words: tuple[str, ...]) -> tuple[list[Path], str | None]:
    """The files, and the query: the last word, if it is more than one word and names no file.

    Raises:
        SynscopeError: USAGE, there is a query and no file.
    """
    *before, last = words
    if len(last.split()) < 2 or _exists(last):
        return [Path(word) for word in words], None
    if not before:
        why, remedy = "the query is there, and no trace", f"synscope query FILE {last!r}"
        raise SynscopeError("nothing to ask", why, remedy, Exit.USAGE)
    return [Path(word) for word in before], last


def _exists(word: str) -> bool:
    try:
        return Path(word).exists()
    except OSError:  # too long for a name
        return False


def _redaction() -> "Redaction":
    from synscope.export.redaction.redact import Redaction  # noqa: PLC0415

    return Redaction()


def _load(database: "Database", file: Path, calls: bool, redaction: "Redaction | None") -> None:
    from synscope.capture.file import read  # noqa: PLC0415
    from synscope.cli.progress import Counted  # noqa: PLC0415
    from synscope.cli.telling import connections_of  # noqa: PLC0415

    trace, name = read(file), str(file)
    if redaction is not None:
        trace, name = redaction.trace(trace), redaction.name("trace", name)
    found = Counted(connections_of(trace, None, calls), str(file))
    database.load(name, found, trace.header, calls)
    if not trace.footer.complete:
        ending.say(f"{file} was cut off: what was written before is there")


def _answer(database: "Database", query: str, form: str) -> Iterator[bytes]:
    from synscope.export.json import escaped  # noqa: PLC0415

    match form:
        case "csv":
            return database.copy(query, "csv")
        case "parquet":
            return database.copy(query, "parquet")
        case "json":
            lines = b"".join(database.copy(query, "json")).decode().split("\n")
            return (f"{escaped(line)}\n".encode() for line in lines if line)
        case _:
            return _table(*database.rows(query))


def _table(names: list[str], rows: list[tuple[str | None, ...]]) -> Iterator[bytes]:
    """The names, a rule, and a line a row; as wide as it is, for a pager to scroll."""
    from rich.cells import cell_len  # noqa: PLC0415

    style = terminal.style(sys.stdout)
    lines = [[style.clean("NULL" if value is None else value) for value in row] for row in (names, *rows)]
    widths = [max(map(cell_len, column)) for column in zip(*lines, strict=True)]
    lines.insert(1, [style.glyphs.rule * width for width in widths])
    for line in lines:
        padded = (value + " " * (width - cell_len(value)) for value, width in zip(line, widths, strict=True))
        yield f"{'  '.join(padded).rstrip()}\n".encode()


def _columns(database: "Database") -> Iterator[bytes]:
    """The tables, and below each its columns with their types."""
    for table, columns in database.columns().items():
        yield f"{table}\n".encode()
        width = max(len(name) for name, _ in columns)
        yield "".join(f"  {name:{width}}  {kind}\n" for name, kind in columns).encode()
