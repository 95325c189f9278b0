"""Put a trace before its reader: as a view on a terminal, or as JSON lines."""

import shlex
import sys
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, TextIO

import msgspec

from synscope.cli import ending, terminal
from synscope.cli.progress import Counted
from synscope.cli.terminal import Color
from synscope.errors import Exit, SynscopeError

if TYPE_CHECKING:
    from synscope.connections.model import Connection
    from synscope.events.trace import Trace


DRAWN = 20_000
"""Connections that a view gets at most: as objects they take some KiB each, as rows 456 bytes a half."""
SCREENS = 1_000
"""The same, of a view that draws each on a screen or two; call trees also take three times the memory."""
EACH_ON_A_SCREEN = ("ladder", "calls", "timeline")


class Telling(msgspec.Struct, frozen=True, kw_only=True):
    """How a trace is to be told.

    Attributes:
        view: a name of `synscope.cli.options.VIEWS`.
        connection: only the one with this id; None: all.
        width: columns; None: the terminal's.
        explain: say in call trees what each function does.
        all_functions: draw every traced call.
        fail_on: codes and severities that make the exit status `Exit.FOUND`.
        next_command: what the story ends with.
    """

    color: Color = "auto"
    view: str = "story"
    connection: str | None = None
    as_json: bool = False
    fail_on: tuple[str, ...] = ()
    width: int | None = None
    explain: bool = False
    all_functions: bool = False
    next_command: str = ""


def tell(trace: "Trace", telling: Telling, stream: TextIO) -> None:
    """Tell `trace`: JSON to stdout, a view to `stream`.

    Raises:
        SynscopeError: USAGE, there is no connection of that id.
    """
    if telling.as_json:
        found = connections_of(trace, telling.connection)
        print_json(found if sys.stdout.isatty() else Counted(found, "connections"))
        if telling.connection is None:
            _say_unconnected(trace)
    else:
        draw(trace, telling, stream)


def _say_unconnected(trace: "Trace") -> None:
    """JSON is of connections alone: what failed before there was one is said on stderr, each thing once."""
    from synscope.diagnosis.diagnose import unconnected  # noqa: PLC0415

    for said in dict.fromkeys(f"{finding.code}: {finding.summary}" for finding in unconnected(trace)):
        ending.say(said)


def connections_of(trace: "Trace", identity: str | None, calls: bool = True) -> "Sequence[Connection]":
    """All connections of `trace`, or the one with that id (`c1`, or `#1` as the views write it).

    Each is made when it is asked for; without `calls`, without its call trees.
    """
    from synscope.connections.build import Connections  # noqa: PLC0415
    from synscope.diagnosis.diagnose import Diagnosed  # noqa: PLC0415

    made = Diagnosed(Connections(trace, calls=calls), trace)
    if identity is None:
        return made
    number = identity.removeprefix("c").removeprefix("#")
    if not number.isdecimal() or not 1 <= int(number) <= len(made):
        why = f"it has {f'c1 to c{len(made)}' if made else 'none at all'}"
        remedy = "synscope show FILE --view table, to see all"
        raise SynscopeError(f"no connection {identity!r} in this trace", why, remedy, Exit.USAGE)
    return [made[int(number) - 1]]


def print_json(found: "Iterable[Connection]") -> None:
    """One object a line on stdout, made one by one."""
    from synscope.export.json import encode  # noqa: PLC0415

    for connection in found:
        sys.stdout.buffer.write(encode(connection) + b"\n")
    sys.stdout.buffer.flush()


def draw(trace: "Trace", telling: Telling, stream: TextIO) -> None:
    """Draw the view; of a great many connections the first."""
    from synscope.views import VIEWS  # noqa: PLC0415
    from synscope.views.story import story  # noqa: PLC0415

    style = msgspec.structs.replace(
        terminal.style(stream, telling.width),
        explain=telling.explain,
        all_functions=telling.all_functions,
    )
    made = connections_of(trace, telling.connection, _wants_calls(trace, telling))
    found = made[: SCREENS if telling.view in EACH_ON_A_SCREEN else DRAWN]
    # these views go through all of them before their first line
    if telling.view in ("story", "summary") or not stream.isatty():
        found = Counted(found, "connections")
    if telling.view == "story":
        lines = story(found, trace, style, telling.next_command)
    else:
        lines = VIEWS[telling.view].render(found, trace, style)
    console = terminal.console(stream, telling.color, style.width)
    for line in lines:
        console.print(line, soft_wrap=True)
    if len(found) < len(made):
        ending.say(f"drawn: the first {len(found)} of {len(made)} connections; --json has all")


def _wants_calls(trace: "Trace", telling: Telling) -> bool:
    """Of many connections only one view shows the call trees."""
    from synscope.connections.build import count  # noqa: PLC0415

    return telling.view == "calls" or telling.connection is not None or count(trace) <= SCREENS


def next_command(saved: Path | None, argv: Sequence[str]) -> str:
    """What a reader of the story may try next: another view of what was saved, or to save it."""
    if saved is not None:
        return shlex.join(["synscope", "show", str(saved), "--view", "states"])
    return shlex.join(["synscope", "run", "-o", "trace.syn", "--", *argv])
