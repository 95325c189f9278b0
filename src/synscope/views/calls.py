"""The kernel path of each side: which function called which, and how that is known."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, NamedTuple

from rich.text import Text

from synscope.connections.model import Call, Connection, Evidence
from synscope.text import Glyphs, fit
from synscope.views.facts import SIDES, origin
from synscope.views.lines import flow, indented, paragraph, side_title, title
from synscope.views.notes import each
from synscope.views.style import CALL, FRAME, FUNCTION, NOTE, STATE, TIME, Style

if TYPE_CHECKING:
    from synscope.events.trace import Trace

NAME = "calls"
ONE_LINE = "the kernel's call path on each side, function by function"

_PER_LEVEL = 2
_ROOM = 46  # cells kept for a function and what happened in it; deeper levels stop moving right
_CLOCK = 10
_MEANING: dict[Evidence, str] = {
    "tail_call": "recovered tail call",
    "ops_pointer": "through an operation pointer",
    "probe": "entry and exit probed",
    "inlined": "inlined (debug information)",
    "effect": "inlined, known by its effect",
}
_NO_PATH = (
    "No kernel path: the trace was taken in record detail, or no stack of this connection was kept. "
    "synscope run --detail path collects it."
)


class _Line(NamedTuple):
    """A call and where it stands: `trunk` is drawn before it, `below` under it; `depth` counts from 1."""

    call: Call
    trunk: str
    below: str
    depth: int


def render(connections: Sequence[Connection], trace: Trace, style: Style) -> Iterator[Text]:
    """The call trees of each connection, a blank line between."""
    return each(connections, trace, style, _connection)


def _connection(connection: Connection, style: Style) -> Iterator[Text]:
    yield from title(connection, style)
    yield Text()
    yield from trees(connection, style)


def trees(connection: Connection, style: Style) -> Iterator[Text]:
    """The call trees of one connection without its title: client, then server; process, then softirq."""
    if not connection.calls:
        yield from paragraph(_NO_PATH, style)
        return
    for side in SIDES:
        for context in ("process", "softirq"):
            roots = [call for call in connection.calls if (call.side, call.context) == (side, context)]
            if roots:
                # softirq work is done by whichever process was interrupted: no owner is named for it
                own = context == "process"
                name = side_title(connection, side, style) if own else Text(side, STATE)
                yield from indented([name.append(f"  {context}", NOTE)])
                for line in _walk(roots, style.glyphs):
                    yield from _drawn(line, connection, style)
                yield Text()
    yield from _legend(connection, style)


def _walk(calls: Sequence[Call], glyphs: Glyphs) -> Iterator[_Line]:
    """Every call beneath, parents first. A loop, not recursion: a file may nest deeper than Python does."""
    stack = [(call, "", 1, index == 0) for index, call in enumerate(reversed(calls))]
    while stack:
        call, trunk, depth, is_last = stack.pop()
        below = trunk + (" " * _PER_LEVEL if is_last else glyphs.trunk)
        yield _Line(call, trunk + (glyphs.last if is_last else glyphs.branch), below, depth)
        stack += [(child, below, depth + 1, at == 0) for at, child in enumerate(reversed(call.children))]


def _deepest(style: Style) -> int:
    """Cells of trunk that are drawn: below that depth, a number says how deep a function is."""
    return (style.columns - 1 - _ROOM) // _PER_LEVEL * _PER_LEVEL


def _drawn(line: _Line, connection: Connection, style: Style) -> Iterator[Text]:
    """One call: trunk, evidence, function, and at the right, or else below, what happened in it."""
    trunk, deepest = line.trunk, _deepest(style)
    if len(trunk) > deepest:
        trunk = f"{trunk[: deepest - _PER_LEVEL]}{style.glyphs.leader}{line.depth} "
    text = Text(f" {trunk}", FRAME).append(_sign(line.call.evidence, style.glyphs), NOTE)
    function = fit(style.clean(line.call.function), style.columns - text.cell_len, style.glyphs)
    text.append(function, CALL if line.call.marks else FUNCTION)
    marks = _marks(line.call, connection, style)
    room = style.columns - text.cell_len - 2
    if marks and marks.cell_len > room:
        yield text
        text = Text(f" {line.below[:deepest]}", FRAME)
        room = style.columns - text.cell_len - 2
    if marks:
        leader = style.glyphs.leader * (room - marks.cell_len)
        text.append(f" {leader} ", FRAME).append_text(marks)
    yield text


def _marks(call: Call, connection: Connection, style: Style) -> Text:
    """`sends SYN  +21 µs`, short enough to stand beside the deepest trunk."""
    marks = [*call.marks, *_returned(call, style)]
    if not marks:
        return Text()
    when = ""
    if call.seen_ns is not None:
        when = style.relative(call.seen_ns - origin(connection)[0]).rjust(_CLOCK)
    words = style.clean(", ".join(marks).replace("→", style.glyphs.arrow))
    words = fit(words, _ROOM - _CLOCK - 4, style.glyphs)
    return Text(words, CALL).append(when, TIME)


def _returned(call: Call, style: Style) -> Iterator[str]:
    """`= -ECONNREFUSED after 44 µs` of a call whose return was seen."""
    if call.ret is not None:
        spent = None if call.enter_ns is None or call.exit_ns is None else call.exit_ns - call.enter_ns
        yield f"= {call.ret}" + ("" if spent is None else f" after {style.duration(spent)}")


def _sign(evidence: Evidence, glyphs: Glyphs) -> str:
    signs = {
        "tail_call": "~",
        "ops_pointer": "*",
        "probe": glyphs.probe,
        "inlined": glyphs.effect,
        "effect": glyphs.effect,
    }
    return signs.get(evidence, "")


def _legend(connection: Connection, style: Style) -> Iterator[Text]:
    """What the signs mean, of those that were used."""
    lines = list(_walk(connection.calls, style.glyphs))
    used = {line.call.evidence for line in lines}
    words = [Text(f"{_sign(kind, style.glyphs)} {_MEANING[kind]}", NOTE) for kind in _MEANING if kind in used]
    deep = max(line.depth for line in lines)
    if deep * _PER_LEVEL > _deepest(style):
        words.append(Text(f"{style.glyphs.leader}{deep} depth, where it is not drawn", NOTE))
    if words:
        plain = Text("unmarked: seen in a stack", NOTE)
        yield from indented(flow([plain, *words], style.columns - 1, indent=0, gap="   "))
