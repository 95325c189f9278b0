"""Holds the documentation against the tree and the command line; exits 1 if anything is wrong.

Checked: relative links and their anchors; that every `synscope COMMAND --option` in a Markdown file
exists; that every command and option of synscope is named in one.
"""

import re
import sys
from collections.abc import Iterator
from pathlib import Path

import click

from synscope.cli.app import synscope

ROOT = Path(__file__).resolve().parent.parent
LINK = re.compile(r"!?\[[^\]]*\]\(([^)\s]+)\)")
FENCE = re.compile(r"^```.*?^```", re.MULTILINE | re.DOTALL)
INVOCATION = re.compile(r"\bsynscope ((?:[^\s`|]+[ ]*)+)")
HEADING = re.compile(r"^#+ (.*)$", re.MULTILINE)


def main() -> None:
    """Check every Markdown file of the project."""
    texts = {path: path.read_text() for path in pages()}
    known = options()
    faults = [fault for path, text in texts.items() for fault in broken_links(path, text)]
    faults += [fault for path, text in texts.items() for fault in unknown_words(path, text, known)]
    faults += missing_words("\n".join(texts.values()), known)
    for fault in faults:
        print(fault)
    print(f"docs: {len(texts)} pages, {len(known)} commands, {len(faults)} faults")
    sys.exit(bool(faults))


def pages() -> list[Path]:
    """The Markdown files that are the project's own."""
    return [
        *sorted(ROOT.glob("*.md")),
        *sorted(ROOT.glob("docs/**/*.md")),
        *sorted(ROOT.glob("benchmarks/*.md")),
    ]


def options() -> dict[str, set[str]]:
    """Command name to its long options, as click knows them; a group has those of its subcommands too."""
    context = click.Context(synscope)
    found = {}
    for name in synscope.list_commands(context):
        command = synscope.get_command(context, name)
        assert command is not None
        below = command.commands.values() if isinstance(command, click.Group) else ()
        found[name] = {flag for one in (command, *below) for flag in flags_of(one)}
    return found


def flags_of(command: click.Command) -> Iterator[str]:
    """A command's own long options."""
    return (opt for param in command.params for opt in param.opts if opt.startswith("--"))


def broken_links(path: Path, text: str) -> Iterator[str]:
    """Relative links whose file, or heading in it, is not there."""
    for target in LINK.findall(FENCE.sub("", text)):
        name, _, anchor = target.partition("#")
        if ":" in name:
            continue
        page = path.parent / name if name else path
        if not page.exists():
            yield f"{path.relative_to(ROOT)}: link to {target}: no such file"
        elif anchor and anchor not in anchors(page):
            yield f"{path.relative_to(ROOT)}: link to {target}: no such heading"


def anchors(page: Path) -> set[str]:
    """Headings as GitHub makes anchors of them: lower case, hyphens, no punctuation."""
    headings = HEADING.findall(FENCE.sub("", page.read_text()))
    return {re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-") for heading in headings}


def unknown_words(path: Path, text: str, known: dict[str, set[str]]) -> Iterator[str]:
    """Options that a page gives to a command that has no such option; CMD's own, after `--`, are free."""
    for said in INVOCATION.findall(text):
        words = said.split(" -- ")[0].split()
        name = words[0]
        if name not in known:
            continue
        for word in words[1:]:
            option = re.match(r"\[?(--[a-z-]+)", word)
            if option and option[1] not in known[name] | {"--help"}:
                yield f"{path.relative_to(ROOT)}: synscope {name} has no {option[1]}"


def missing_words(everything: str, known: dict[str, set[str]]) -> Iterator[str]:
    """Commands and options that no page names."""
    for name, flags in known.items():
        if f"synscope {name}" not in everything:
            yield f"no page names synscope {name}"
        for flag in sorted(flags):
            if not re.search(rf"{flag}(?![\w-])", everything):
                yield f"no page names {flag} of synscope {name}"


if __name__ == "__main__":
    main()
