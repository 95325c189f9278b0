"""The kernel path of each side: which function called which, and how that is known."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING

from rich.text import Text

from synscope.connections.model import Connection, Context, SideName
from synscope.tcp import catalogue
from synscope.text import Glyphs
from synscope.views.call_lines import PER_LEVEL, Line, Tree, drawn, explained, headed, meanings
from synscope.views.facts import SIDES
from synscope.views.lines import flow, indented, paragraph, side_title, title
from synscope.views.notes import each
from synscope.views.shown_calls import Shown, forest
from synscope.views.style import NOTE, STATE, Style

if TYPE_CHECKING:
    from synscope.events.trace import Trace

NAME = "calls"
ONE_LINE = "the kernel's call path on each side, function by function"

_CONTEXTS: tuple[Context, Context] = ("process", "softirq")
_NO_PATH = (
    "No kernel path: the trace was taken in record detail, or no stack of this connection was kept. "
    "synscope run --detail path collects it."
)


def render(connections: Sequence[Connection], trace: Trace, style: Style) -> Iterator[Text]:
    """The call trees of each connection, a blank line between."""
    return each(connections, trace, style, _connection)


def _connection(connection: Connection, style: Style) -> Iterator[Text]:
    yield from title(connection, style)
    yield Text()
    yield from trees(connection, style)


def trees(connection: Connection, style: Style) -> Iterator[Text]:
    """The call trees of one connection without its title: client, then server; process, then softirq.

    With `style.explain` each function is explained where it is called first.
    """
    if not connection.calls:
        yield from paragraph(_NO_PATH, style)
        return
    shown, hidden = forest(connection.calls, every=style.all_functions)
    lines = list(walk(shown, style.glyphs))
    tree = Tree.of(connection, lines, style)
    told: set[str] = set()
    for side in SIDES:
        for context in _CONTEXTS:
            roots = [one for one in shown if (one.call.side, one.call.context) == (side, context)]
            if roots:
                yield from indented([headed(_title(connection, side, context, style), tree)])
                for line in walk(roots, style.glyphs):
                    yield from drawn(line, tree)
                    yield from _explained(line, told, style)
                yield Text()
    if hidden:
        yield from paragraph(f"{hidden:,} more calls, of functions less telling: --all-functions", style)
    yield from indented(flow(meanings(lines, tree), style.columns - 1, indent=0, gap="   "))


def _title(connection: Connection, side: SideName, context: Context, style: Style) -> Text:
    # softirq work is done by whichever process was interrupted: no owner is named for it
    own = context == "process"
    name = side_title(connection, side, style) if own else Text(side, STATE)
    return name.append(f"  {context}", NOTE)


def walk(trees: Sequence[Shown], glyphs: Glyphs) -> Iterator[Line]:
    """Every call beneath, parents first. A loop, not recursion: a file may nest deeper than Python does."""
    stack = [(shown, "", 1, index == 0) for index, shown in enumerate(reversed(trees))]
    while stack:
        shown, trunk, depth, is_last = stack.pop()
        below = trunk + (" " * PER_LEVEL if is_last else glyphs.trunk)
        yield Line(shown, trunk + (glyphs.last if is_last else glyphs.branch), below, depth)
        stack += [(child, below, depth + 1, at == 0) for at, child in enumerate(reversed(shown.children))]


def _explained(line: Line, told: set[str], style: Style) -> Iterator[Text]:
    entry = catalogue.find(line.shown.call.function) if style.explain else None
    if entry is not None and entry.name not in told:
        told.add(entry.name)
        yield from explained(line, entry, style)
