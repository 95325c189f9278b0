"""Put a trace before its reader: as a view on a terminal, or as JSON lines."""

import shlex
import sys
from collections.abc import Iterable, Iterator, Sequence
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING, TextIO

import msgspec

from synscope.cli import ending, terminal
from synscope.cli.terminal import Color
from synscope.errors import Exit, SynscopeError

if TYPE_CHECKING:
    from synscope.connections.model import Connection
    from synscope.events.trace import Trace


DRAWN = 20_000
"""Connections that a view gets at most: as objects they take some KiB each, as rows 456 bytes a half."""
WITH_PATH = 1_000
"""The same, with the segments and call trees of `path` detail: those cost 2 ms and tens of KiB each."""
SHOW_PATH = ("ladder", "calls")


class Telling(msgspec.Struct, frozen=True, kw_only=True):
    """How a trace is to be told.

    Attributes:
        view: a name of `synscope.cli.options.VIEWS`.
        connection: only the one with this id; None: all.
        width: columns; None: the terminal's.
        next_command: what the story ends with.
    """

    color: Color = "auto"
    view: str = "story"
    connection: str | None = None
    as_json: bool = False
    width: int | None = None
    next_command: str = ""


def tell(trace: "Trace", telling: Telling, stream: TextIO) -> None:
    """Tell `trace`: JSON to stdout, a view to `stream`.

    Raises:
        SynscopeError: USAGE, there is no connection of that id.
    """
    if telling.as_json:
        print_json(connections_of(trace, telling.connection))
    else:
        draw(trace, telling, stream)


def connections_of(trace: "Trace", identity: str | None) -> "Iterator[Connection]":
    """All connections of `trace`, or the one with that id (`c1`, or `#1` as the views write it)."""
    from synscope.connections.build import count, iter_connections  # noqa: PLC0415

    found = iter_connections(trace)
    if identity is None:
        return found
    number = identity.removeprefix("c").removeprefix("#")
    total = count(trace)
    if not number.isdecimal() or not 1 <= int(number) <= total:
        why = f"it has {f'c1 to c{total}' if total else 'none at all'}"
        remedy = "--view table, to see all"
        raise SynscopeError(f"no connection {identity!r} in this trace", why, remedy, Exit.USAGE)
    return islice(found, int(number) - 1, int(number))


def print_json(found: "Iterable[Connection]") -> None:
    """One object a line on stdout, made one by one."""
    from synscope.export.json import encode  # noqa: PLC0415

    for connection in found:
        sys.stdout.buffer.write(encode(connection) + b"\n")
    sys.stdout.buffer.flush()


def draw(trace: "Trace", telling: Telling, stream: TextIO) -> None:
    """Draw the view; of many connections the first, of a great many without what only a path tells."""
    from synscope.connections.build import count  # noqa: PLC0415
    from synscope.views import VIEWS  # noqa: PLC0415
    from synscope.views.story import story  # noqa: PLC0415

    style = terminal.style(stream, telling.width)
    trace, limit = _drawable(trace, telling)
    found = list(islice(connections_of(trace, telling.connection), limit))
    if telling.view == "story":
        lines = story(found, trace, style, telling.next_command)
    else:
        lines = VIEWS[telling.view].render(found, trace, style)
    console = terminal.console(stream, telling.color, style.width)
    for line in lines:
        console.print(line, soft_wrap=True)
    if len(found) == limit < count(trace):
        ending.say(f"drawn: the first {limit} of {count(trace)} connections; --json has all")


def _drawable(trace: "Trace", telling: Telling) -> "tuple[Trace, int]":
    from synscope.connections.build import count  # noqa: PLC0415

    if telling.view in SHOW_PATH or telling.connection:
        return trace, WITH_PATH
    if trace.events.size and count(trace) > WITH_PATH:
        trace = msgspec.structs.replace(trace, events=trace.events[:0])
    return trace, DRAWN


def next_command(saved: Path | None, argv: Sequence[str]) -> str:
    """What a reader of the story may try next: another view of what was saved, or to save it."""
    if saved is not None:
        return shlex.join(["synscope", "show", str(saved), "--view", "states"])
    return shlex.join(["synscope", "run", "-o", "trace.syn", "--", *argv])
