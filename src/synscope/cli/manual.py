"""`synscope manual`: manual pages, from the same tree of commands as --help."""

import os
import time
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import click
import rich_click

from synscope.cli import output, suggestion
from synscope.cli.options import FORCE
from synscope.errors import Exit, SynscopeError

if TYPE_CHECKING:
    from synscope.cli.manual_page import Below

Names = tuple[str, ...]


@click.command("manual", cls=rich_click.RichCommand)
@click.argument("words", metavar="[COMMAND]...", nargs=-1)
@click.option(
    "-o",
    "--output",
    "to",
    metavar="DIR",
    type=click.Path(path_type=Path, file_okay=False),
    help="Write all pages there, as NAME.1.",
)
@FORCE
@click.pass_context
def command(ctx: click.Context, *, words: Names, to: Path | None, force: bool) -> None:
    """Print the manual page of COMMAND, for man -l, or write all pages to a directory.

    A man that finds synscope in ~/.local/bin looks in ~/.local/share/man/man1 too.
    """
    from synscope.cli.manual_page import page, title  # noqa: PLC0415

    pages = {
        names: (found, below)
        for names, found, below in tree(ctx.find_root().command, click.Context(ctx.command))
    }
    if to is None:
        if words not in pages:
            raise _no_command(words, [" ".join(names) for names in pages])
        found, below = pages[words]
        output.put(Path("-"), [page(found, words, below, _date()).encode()])
        return
    files = {
        to / f"{title(names)}.1": page(found, names, below, _date())
        for names, (found, below) in pages.items()
    }
    _write(to, files, force)


def tree(
    command: click.Command, context: click.Context, names: Names = ()
) -> Iterator[tuple[Names, click.Command, "Below"]]:
    """Every command with its names and those of the commands below it."""
    group = command if isinstance(command, click.Group) else click.Group()
    found = [(name, group.get_command(context, name)) for name in group.list_commands(context)]
    below = [(name, one) for name, one in found if one is not None]
    yield names, command, below
    for name, one in below:
        yield from tree(one, context, (*names, name))


def _no_command(words: Names, known: list[str]) -> SynscopeError:
    close = suggestion.nearest(" ".join(words), known)
    remedy = f"synscope manual {close}" if close else "synscope --help"
    return SynscopeError(f"no command {' '.join(words)!r}", "synscope has none", remedy, Exit.USAGE)


def _write(directory: Path, files: dict[Path, str], force: bool) -> None:
    try:
        directory.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise SynscopeError(f"cannot make {directory}", error.strerror or str(error)) from error
    for file in files:
        output.check(file, force)
    for file, text in files.items():
        output.put(file, [text.encode()])


def _date() -> str:
    """Of the pages: today, or what a reproducible build says."""
    seconds = os.environ.get("SOURCE_DATE_EPOCH", "")
    return time.strftime("%Y-%m-%d", time.gmtime(int(seconds) if seconds.isdecimal() else None))
