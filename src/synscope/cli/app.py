"""The `synscope` group: its commands, loaded when they are named, and what happens to their errors."""

from importlib import import_module
from typing import Any, Literal, cast

import click
import rich_click

from synscope import __version__
from synscope.cli import ending, pager
from synscope.errors import SynscopeError

COMMANDS = (
    "run",
    "watch",
    "show",
    "export",
    "query",
    "explain",
    "diff",
    "check",
    "states",
    "socket",
    "inspect",
    "isn",
    "doctor",
    "lab",
    "scenario",
    "demo",
    "schema",
    "completion",
    "manual",
)
"""One module of this package each, in the order in which `--help` lists them."""

MODULES = {"socket": "socket_call", "inspect": "inspect_socket"}
"""The modules of commands whose names are modules of the standard library too."""

Color = Literal["auto", "always", "never"]


class Commands(rich_click.RichGroup):
    """Loads a command's module when it is named, and turns every failure into one message and a code."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        return list(COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        if cmd_name not in COMMANDS:
            return None
        return cast(click.Command, import_module(f"synscope.cli.{MODULES.get(cmd_name, cmd_name)}").command)

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        name = args[0]
        if name not in COMMANDS and not name.startswith("-"):
            raise click.UsageError(f"No such command {name!r}.{_suggestion(name)}", ctx)
        return super().resolve_command(ctx, args)

    def invoke(self, ctx: click.Context) -> Any:
        try:
            return super().invoke(ctx)
        except SynscopeError as error:
            ending.fail(error)
        except KeyboardInterrupt:
            ending.die_interrupted()
        except BrokenPipeError:
            ending.die_of_broken_pipe()


def _suggestion(name: str) -> str:
    from synscope.cli.suggestion import did_you_mean  # noqa: PLC0415

    return did_you_mean(name, COMMANDS) or f" To trace a command: synscope run -- {name}"


def _color_help(context: click.Context, _parameter: click.Parameter, color: Color) -> Color:
    """What rich-click draws obeys too: help has the context's settings, an error those of its module."""
    if color != "auto":
        config, module = cast(rich_click.RichContext, context).help_config, rich_click.rich_click
        config.force_terminal = module.FORCE_TERMINAL = color == "always"
        config.color_system = module.COLOR_SYSTEM = "standard" if color == "always" else None
    return color


@click.group(cls=Commands, context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 110})
@click.version_option(__version__, "-V", "--version", prog_name="synscope", message="%(prog)s %(version)s")
@click.option(
    "--color",
    type=click.Choice(["auto", "always", "never"]),
    default="auto",
    is_eager=True,  # before --help
    callback=_color_help,
    help="Colour: auto is a terminal without NO_COLOR.",
)
@click.option("--no-pager", is_flag=True, help="Print to the terminal, however long it is.")
@click.pass_context
def synscope(ctx: click.Context, color: Color, no_pager: bool) -> None:
    """Show how a TCP connection comes into being inside this Linux kernel.

    Start with `synscope demo`, or trace a command of yours: `synscope run -- curl -s http://127.0.0.1/`.
    """
    ctx.obj = color
    ctx.meta[pager.FORBIDDEN] = no_pager
