"""`synscope show`: look again at what was saved, as anyone, anywhere, without privileges."""

import sys
from pathlib import Path

import click

from synscope.cli import ending, failing, pager
from synscope.cli.options import ALL_FUNCTIONS, CONNECTION, EXPLAIN, FAIL_ON, JSON, REDACT, VIEW
from synscope.cli.terminal import Color


@click.command("show", cls=pager.Command)
@click.argument("file", metavar="FILE", type=click.Path(path_type=Path))
@VIEW
@CONNECTION
@FAIL_ON
@EXPLAIN
@ALL_FUNCTIONS
@JSON
@REDACT
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
    redact: bool,
    width: int | None,
) -> None:
    """Show what run -o or watch -o saved in FILE. It needs no privileges."""
    from synscope.capture.file import read  # noqa: PLC0415
    from synscope.cli.telling import Telling, next_command, tell  # noqa: PLC0415

    trace = read(file)
    if redact:
        from synscope.export.redaction.redact import Redaction  # noqa: PLC0415

        trace = Redaction().trace(trace)
    telling = Telling(
        color=color,
        view=view,
        connection=connection,
        as_json=as_json,
        fail_on=fail_on,
        width=width,
        explain=explain,
        all_functions=all_functions,
        next_command="" if redact else next_command(file, ()),
    )
    tell(trace, telling, sys.stdout)
    if not trace.footer.complete:
        ending.say(f"{file} was cut off: what was written before is shown")
    failing.end_if(failing.in_trace(trace, fail_on, connection))
