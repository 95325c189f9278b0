"""A command's manual page, made from what its --help is made from: man(7)."""

import re
import textwrap
from collections.abc import Iterator

import click

from synscope import __version__
from synscope.cli.examples import EXAMPLES
from synscope.errors import Exit

_EXIT = {
    Exit.OK: "It worked.",
    Exit.FAILED: "synscope's own part failed; diff: there is a difference; check: something is illegal.",
    Exit.USAGE: "The command line is wrong, or names something that is not there.",
    Exit.BAD_FILE: "A trace file cannot be read.",
    Exit.NOT_PERMITTED: "This user or this kernel does not permit it.",
    Exit.FOUND: "A finding was made that --fail-on names.",
    Exit.NOT_EXECUTABLE: "CMD was found and cannot be executed.",
    Exit.NOT_FOUND: "CMD was not found.",
}
_ENVIRONMENT = {
    "NO_COLOR": "If it is set, --color auto means never.",
    "PAGER": "Shows what is longer than the screen; not set: less -FRX; empty or cat: nothing does.",
    "COLUMNS": "The width to draw in, in place of the terminal's.",
    "LC_ALL": "C or POSIX: draw in ASCII.",
    "XDG_CACHE_HOME": "Where the lab keeps kernels and snapshots, in synscope/; not set: ~/.cache.",
}
_PAGE = "synscope"
_WIDTH = 78
_LONGEST = 1_000

Below = list[tuple[str, click.Command]]


def page(command: click.Command, names: tuple[str, ...], below: Below, date: str) -> str:
    """The page of the command with these names (none: synscope itself) and the commands below it, as roff."""
    with click.Context(command, info_name=" ".join((_PAGE, *names)), color=False) as context:
        lines = _lines(command, context, names, below, date)
        return "".join(f"{line}\n" for line in lines)


def title(names: tuple[str, ...]) -> str:
    """`synscope-lab-run`."""
    return "-".join((_PAGE, *names))


def _lines(
    command: click.Command, context: click.Context, names: tuple[str, ...], below: Below, date: str
) -> Iterator[str]:
    summary, *rest = re.split(r"\n\s*\n", command.help or "")
    head = _joined(summary).rstrip(".")
    yield f'.TH {_text(title(names).upper())} 1 "{date}" "synscope {__version__}" "User Commands"'
    yield from (".SH NAME", f"{_text(title(names))} \\- {_text(head[0].lower() + head[1:])}")
    usage = command.collect_usage_pieces(context)
    yield from (".SH SYNOPSIS", f".B {_text(context.command_path)}", _text(" ".join(usage)))
    yield ".SH DESCRIPTION"
    for number, paragraph in enumerate((summary, *rest)):
        yield from ((".PP",) if number else ())
        yield _prose(paragraph)
    yield from _records(
        "COMMANDS", [(f"{title((*names, name))}(1)", one.get_short_help_str(_LONGEST)) for name, one in below]
    )
    yield from _records("OPTIONS", _options(command, context))
    if not names:
        yield from _records("EXIT STATUS", [(str(int(code)), said) for code, said in _EXIT.items()])
        yield from _records("ENVIRONMENT", list(_ENVIRONMENT.items()))
    else:
        yield from (".SH EXIT STATUS", "As synscope(1) has them.")
    yield ".SH EXAMPLES"
    for number, example in enumerate(EXAMPLES[" ".join(names)]):
        yield from ((".PP",) if number else ())
        yield from (".EX", _text(example), ".EE")
    above = title(names[:-1]) if names else "synscope-demo"
    yield from (".SH SEE ALSO", f"{_text(above)}(1), ss(8), tcpdump(8), tcp(7)")


def _options(command: click.Command, context: click.Context) -> list[tuple[str, str]]:
    options = (one for one in command.get_params(context) if isinstance(one, click.Option))
    records = (one.get_help_record(context) for one in options)
    return [record for record in records if record is not None]


def _records(heading: str, records: list[tuple[str, str]]) -> Iterator[str]:
    if records:
        yield f".SH {heading}"
    for name, said in records:
        yield from (".TP", f".B {_text(name)}", _prose(said))


def _joined(paragraph: str) -> str:
    return " ".join(paragraph.replace("\b", "").split())


def _prose(paragraph: str) -> str:
    return "\n".join(map(_text, textwrap.wrap(_joined(paragraph), _WIDTH, break_on_hyphens=False)))


def _text(text: str) -> str:
    """One line of text in which roff finds no command."""
    escaped = text.replace("\\", "\\e").replace("-", "\\-").replace('"', "\\(dq")
    escaped = "".join(one if one.isascii() else f"\\[u{ord(one):04X}]" for one in escaped)
    return f"\\&{escaped}" if escaped.startswith((".", "'")) else escaped
