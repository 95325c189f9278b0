"""`synscope explain`: what a finding means, how it is known, and what to do about it."""

import sys

import click

from synscope.cli import completing, pager, terminal
from synscope.cli.terminal import Color
from synscope.errors import Exit, SynscopeError


@click.command("explain", cls=pager.Command)
@click.argument("code", metavar="[CODE]", required=False, shell_complete=completing.codes)
@click.pass_obj
def command(color: Color, *, code: str | None) -> None:
    """Say what the finding CODE means; without CODE, list every finding with a line."""
    from synscope.views import pages  # noqa: PLC0415

    style = terminal.style(sys.stdout)
    lines = pages.index(style) if code is None else pages.whole(_known(code), style)
    console = terminal.console(sys.stdout, color, style.width)
    for line in lines:
        console.print(line, soft_wrap=True)


def _known(code: str) -> str:
    """The code, if it is one. Raises SynscopeError: USAGE."""
    from difflib import get_close_matches  # noqa: PLC0415

    from synscope.diagnosis.registry import codes  # noqa: PLC0415

    if code in codes():
        return code
    close = get_close_matches(code, codes(), n=1)
    remedy = f"synscope explain {close[0]}" if close else "synscope explain, to list them"
    raise SynscopeError(f"no finding {code!r}", "no rule has that code", remedy, Exit.USAGE)
