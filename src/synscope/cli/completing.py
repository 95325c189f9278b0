"""What a shell may complete a word to, where click cannot know: asked at each TAB, so it loads little.

None of these fails: a shell that completes has nobody to tell an error to.
"""

import os
import shlex
from importlib import import_module
from pathlib import Path
from pkgutil import iter_modules

import click
from click.shell_completion import CompletionItem

LARGEST = 16 << 20
"""Bytes of a trace that are read for the ids in it."""
MOST = 200
"""Ids of connections that are offered."""

Found = list[CompletionItem]


def scenarios(_context: click.Context, _parameter: click.Parameter, start: str) -> Found:
    """Names of scenarios."""
    return _starting(_modules("synscope.lab.scenarios"), start)


def codes(_context: click.Context, _parameter: click.Parameter, start: str) -> Found:
    """Codes of findings."""
    return _starting(_modules("synscope.diagnosis.rules"), start)


def codes_and_severities(_context: click.Context, _parameter: click.Parameter, start: str) -> Found:
    """What --fail-on takes."""
    return _starting(["error", "warning", "info", *_modules("synscope.diagnosis.rules")], start)


def formats(_context: click.Context, _parameter: click.Parameter, start: str) -> Found:
    """Formats of export, as --format takes them."""
    from synscope.cli import resaved  # noqa: PLC0415
    from synscope.export.formats import MODULES  # noqa: PLC0415

    return _starting([suffix.removeprefix(".") for suffix in (*MODULES, resaved.SUFFIX)], start)


def connections(_context: click.Context, parameter: click.Parameter, start: str) -> Found:
    """Ids of the connections in the trace that was named before: of `connection_b`, in the second."""
    files = [Path(word) for word in _line() if Path(word).is_file()][parameter.name == "connection_b" :]
    return _starting(_ids(files[0]), start) if files else []


def _line() -> list[str]:
    """The words of the command's line: click reads none of them behind an option without its value yet."""
    try:
        return shlex.split(os.environ.get("COMP_WORDS", ""))[1:]
    except ValueError:  # a quotation that is not closed yet
        return []


def _ids(file: Path) -> list[str]:
    from synscope.capture.file import read  # noqa: PLC0415
    from synscope.connections.join import join  # noqa: PLC0415
    from synscope.errors import SynscopeError  # noqa: PLC0415
    from synscope.events.decode import latest  # noqa: PLC0415

    try:
        there = len(join(latest(read(file, LARGEST).halves)).client_index)
    except SynscopeError:
        return []
    return [f"c{number}" for number in range(1, min(there, MOST) + 1)]


def _modules(package: str) -> list[str]:
    """Names of a package's modules, which are not loaded, as synscope spells them."""
    return sorted(module.name.replace("_", "-") for module in iter_modules(import_module(package).__path__))


def _starting(words: list[str], start: str) -> Found:
    return [CompletionItem(word) for word in words if word.startswith(start)]
