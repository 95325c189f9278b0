"""`synscope check`: saved traces held against the tables of TCP."""

import sys
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

import click

from synscope.cli import ending, pager, terminal
from synscope.cli.progress import Counted
from synscope.errors import Exit

if TYPE_CHECKING:
    from synscope.connections.model import Connection, Finding
    from synscope.views.style import Style

CODES = ("illegal-transition", "illegal-segment")


class Count(NamedTuple):
    """What was held against the tables, and how many connections broke a rule."""

    connections: int = 0
    changes: int = 0
    segments: int = 0
    illegal: int = 0


@click.command("check", cls=pager.Command)
@click.argument("files", metavar="FILE...", nargs=-1, required=True, type=click.Path(path_type=Path))
def command(*, files: tuple[Path, ...]) -> None:
    """Check each change of state and each segment of saved traces against TCP's rules.

    Says which rule each illegal one breaks. Ends with 0 if all are legal, with 1 if one is not.
    """
    style = terminal.style(sys.stdout)
    illegal = False
    for file in files:
        count = _check(file, style)
        illegal = illegal or count.illegal > 0
        verdict = f"{count.illegal} illegal" if count.illegal else "all legal"
        click.echo(
            f"{style.clean(str(file))}: {verdict}: {count.connections} connections, "
            f"{count.changes} changes of state, {count.segments} segments"
        )
    ending.flush()
    sys.exit(Exit.FAILED if illegal else Exit.OK)


def _check(file: Path, style: "Style") -> Count:
    """Print what is illegal in a trace. Raises SynscopeError: BAD_FILE."""
    from synscope.capture.file import read  # noqa: PLC0415
    from synscope.diagnosis.diagnose import diagnosed  # noqa: PLC0415

    trace = read(file)
    count = Count()
    every = diagnosed(trace)
    for connection in every if sys.stdout.isatty() else Counted(every, "connections"):
        found = [one for one in connection.findings if one.code in CODES]
        for line in _told(connection, found):
            click.echo(style.clean(f"{file} {line}"))
        count = Count(
            count.connections + 1,
            count.changes + len(connection.transitions),
            count.segments + len(connection.segments),
            count.illegal + bool(found),
        )
    if not trace.footer.complete:
        ending.say(f"{file} was cut off: what was written before is checked")
    return count


def _told(connection: "Connection", found: "list[Finding]") -> Iterator[str]:
    for finding in found:
        for evidence in finding.evidence:
            yield f"#{connection.id.removeprefix('c')}: {finding.code}: {evidence}"
