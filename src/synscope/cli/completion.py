"""`synscope completion`: what a shell needs to complete synscope's command lines."""

import click
import rich_click
from click.shell_completion import get_completion_class

from synscope.cli.suggestion import Choice
from synscope.errors import Exit, SynscopeError

SHELLS = ("bash", "zsh", "fish")
VARIABLE = "_SYNSCOPE_COMPLETE"
"""What the script sets when it asks: click's name for a program of this name."""


@click.command("completion", cls=rich_click.RichCommand)
@click.argument("shell", type=Choice(SHELLS))
@click.pass_context
def command(ctx: click.Context, *, shell: str) -> None:
    """Print a script that completes synscope's command lines in SHELL.

    bash, in ~/.bashrc: eval "$(synscope completion bash)". zsh, in ~/.zshrc: the same with zsh, below
    compinit. fish: synscope completion fish > ~/.config/fish/completions/synscope.fish
    """
    found = get_completion_class(shell)
    if found is None:
        raise SynscopeError(f"no script for {shell}", "click has none", "pip install -U click", Exit.FAILED)
    click.echo(found(ctx.find_root().command, {}, "synscope", VARIABLE).source())
