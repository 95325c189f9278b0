"""`synscope show`: look again at what was saved, as anyone, anywhere, without privileges."""

import sys
from pathlib import Path

import click
import rich_click

from synscope.cli import ending
from synscope.cli.options import CONNECTION, JSON, VIEW
from synscope.cli.terminal import Color


@click.command("show", cls=rich_click.RichCommand)
@click.argument("file", metavar="FILE", type=click.Path(path_type=Path))
@VIEW
@CONNECTION
@JSON
@click.option("--width", type=click.IntRange(60, 120), help="Columns to draw in; else the terminal's.")
@click.pass_obj
def command(
    color: Color, *, file: Path, view: str, connection: str | None, as_json: bool, width: int | None
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
        width=width,
        next_command=next_command(file, ()),
    )
    tell(trace, telling, sys.stdout)
    if not trace.footer.complete:
        ending.say(f"{file} was cut off: what was written before is shown")
