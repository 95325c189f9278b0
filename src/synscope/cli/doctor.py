"""`synscope doctor`: what this kernel and this user permit, what is missing, and what mends it."""

import sys
from typing import TYPE_CHECKING

import click
import rich_click

from synscope.cli import ending, terminal
from synscope.cli.terminal import Color
from synscope.errors import Exit

if TYPE_CHECKING:
    from rich.text import Text

    from synscope.probes.doctor import Check
    from synscope.views.style import Style

INKS = {"ok": "green", "missing": "yellow", "refused": "bold red"}


@click.command("doctor", cls=rich_click.RichCommand)
@click.option("--json", "as_json", is_flag=True, help="Checks as JSON lines.")
@click.pass_obj
def command(color: Color, as_json: bool) -> None:
    """Say what this kernel and this user permit, and what mends the rest.

    Each hook is tried by a real load; nothing stays attached.

    Exit status: 0 if `synscope run` can work here, else 4.
    """
    from synscope.probes.doctor import checks  # noqa: PLC0415

    found = checks()
    if as_json:
        _print_json(found)
    else:
        style = terminal.style(sys.stdout)
        console = terminal.console(sys.stdout, color, style.width)
        for line in report(found, style):
            console.print(line, soft_wrap=True)
    ending.flush()
    sys.exit(Exit.OK if can_run(found) else Exit.NOT_PERMITTED)


def can_run(found: "list[Check]") -> bool:
    """Whether nothing that `run` needs is missing."""
    return all(check.status == "ok" for check in found if check.needed)


def report(found: "list[Check]", style: "Style") -> "list[Text]":
    """One line a check, then its remedy where it is not ok, then the verdict."""
    from rich.text import Text  # noqa: PLC0415

    name_width = max((len(check.name) for check in found), default=0)
    lines = [line for check in found for line in _lines(check, name_width, style)]
    wanting = [check for check in found if check.status != "ok" and check.needed]
    if wanting:
        names = ", ".join(style.clean(check.name) for check in wanting)
        verdict = Text(f"synscope run cannot work here yet: {names}.", "bold red")
    else:
        verdict = Text("synscope run can work here. Next: synscope demo", "bold")
    return [*lines, Text(), verdict]


def _lines(check: "Check", name_width: int, style: "Style") -> "list[Text]":
    from rich.text import Text  # noqa: PLC0415

    optional = "" if check.needed or check.status == "ok" else "not needed: "
    first = Text.assemble(
        (f"{check.status:<8}", INKS[check.status]),
        (f"{style.clean(check.name):<{name_width}}  ", "bold"),
        optional + style.clean(check.detail),
    )
    if check.status == "ok" or not check.remedy:
        return [first]
    return [first, Text(f"{'':<8}{'':<{name_width}}  {style.clean(check.remedy)}", "dim")]


def _print_json(found: "list[Check]") -> None:
    import msgspec  # noqa: PLC0415

    for check in found:
        sys.stdout.buffer.write(msgspec.json.encode(check) + b"\n")
