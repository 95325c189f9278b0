"""`synscope states`: the TCP state diagram, and the way that a traced connection took through it."""

import sys
from pathlib import Path
from typing import TYPE_CHECKING

import click

from synscope.cli import ending, output, pager, suggestion, terminal
from synscope.cli.options import FORCE
from synscope.cli.terminal import Color
from synscope.errors import Exit, SynscopeError

if TYPE_CHECKING:
    from synscope.connections.model import Connection

FORMATS = ("svg", "mmd", "txt")


@click.command("states", cls=pager.Command)
@click.argument("what", metavar="[FILE[#ID]]", required=False)
@click.option(
    "-o",
    "--output",
    "to",
    metavar="FILE",
    type=click.Path(path_type=Path),
    help="Write it there instead: .svg, .mmd (Mermaid) or .txt, as the name ends. - is stdout.",
)
@click.option(
    "--format", "form", type=suggestion.Choice(FORMATS), help="The format, where the name does not say it."
)
@FORCE
@click.pass_obj
def command(color: Color, *, what: str | None, to: Path | None, form: str | None, force: bool) -> None:
    """Draw the TCP state machine of Linux; with FILE, the way that a connection of it took.

    FILE#c2 chooses a connection; without ID it is the first.
    """
    if to is not None:
        form = form or _format(to)
        output.check(to, force)
    connection = None if what is None else _chosen(what)
    if to is not None and form is not None:
        output.put(to, [_text(connection, form).encode()])
    else:
        _draw(connection, color)


def _chosen(what: str) -> "Connection":
    """The connection that `FILE[#ID]` names. Raises SynscopeError: USAGE, BAD_FILE."""
    from synscope.capture.file import read  # noqa: PLC0415
    from synscope.cli.telling import connections_of  # noqa: PLC0415

    file, _, identity = (what, "", "") if Path(what).exists() else what.rpartition("#")
    trace = read(Path(file or what))
    found = connections_of(trace, identity or None, calls=False)
    if not found:
        raise SynscopeError(f"no connection in {what}", "the trace has none", "synscope states", Exit.USAGE)
    if len(found) > 1:
        ending.say(f"drawn: the first of {len(found)} connections; {file}#c2 is the second")
    return found[0]


def _draw(connection: "Connection | None", color: Color) -> None:
    from synscope.views.state_diagram import diagram  # noqa: PLC0415

    style = terminal.style(sys.stdout)
    console = terminal.console(sys.stdout, color, style.width)
    for line in diagram(connection, style):
        console.print(line, soft_wrap=True)


def _text(connection: "Connection | None", form: str) -> str:
    """The file's text; each form's module is loaded when it is asked for."""
    from synscope.views.style import Style  # noqa: PLC0415

    if form == "svg":
        from synscope.views.state_svg import svg  # noqa: PLC0415

        return svg(connection, Style())
    if form == "mmd":
        from synscope.views.state_mermaid import mermaid  # noqa: PLC0415

        return mermaid(connection, Style())
    from synscope.views import plain  # noqa: PLC0415
    from synscope.views.state_diagram import diagram  # noqa: PLC0415

    return plain(diagram(connection, Style()))


def _format(to: Path) -> str:
    """As the name ends. Raises SynscopeError: USAGE."""
    form = to.suffix.lower().removeprefix(".")
    if form not in FORMATS:
        why = f"its name ends in none of {', '.join('.' + one for one in FORMATS)}"
        remedy = "--format svg" if output.is_stdout(to) else f"-o {to.stem or 'states'}.svg"
        raise SynscopeError(f"cannot write {to}", why, remedy, Exit.USAGE)
    return form
