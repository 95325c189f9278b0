"""`synscope show`: look again at what was saved, as anyone, anywhere, without privileges."""

import sys
from pathlib import Path

import click
import rich_click

from synscope.cli import ending, failing
from synscope.cli.options import ALL_FUNCTIONS, CONNECTION, EXPLAIN, FAIL_ON, JSON, VIEW
from synscope.cli.terminal import Color


@click.command("show", cls=rich_click.RichCommand)
@click.argument("file", metavar="FILE", type=click.Path(path_type=Path))
@VIEW
@CONNECTION
@FAIL_ON
@EXPLAIN
@ALL_FUNCTIONS
@JSON
@click.option("--width", type=click.IntRange(60, 120), help="Columns to draw in; else the terminal's.")
@click.pass_obj
def command(
    color: Color,
    *,
    file: Path,
    view: str,
    connection: str | None,
    fail_on: tuple[str, ...],
    explain: bool,
    all_functions: bool,
    as_json: bool,
    width: int | None,
) -> None:
    """Show what run -o or watch -o saved in FILE. It needs no privileges."""
    from synscope.capture.file import read  # noqa: PLC0415
    from synscope.cli.telling import Telling, next_command, tell  # noqa: PLC0415

    trace = read(file)
    telling = Telling(
        color=color,
        view=view,
        connection=connection,
        as_json=as_json,
        fail_on=fail_on,
        width=width,
        explain=explain,
        all_functions=all_functions,
        next_command=next_command(file, ()),
    )
    tell(trace, telling, sys.stdout)
    if not trace.footer.complete:
        ending.say(f"{file} was cut off: what was written before is shown")
    failing.end_if(failing.in_trace(trace, fail_on, connection))
