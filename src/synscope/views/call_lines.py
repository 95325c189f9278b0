"""One call of a tree as lines: its trunk, how it is known, the function, what happened in it, and when."""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

from rich.text import Text

from synscope.connections.model import Call, Connection, Evidence
from synscope.tcp.catalogue import CataloguedFunction
from synscope.text import fit
from synscope.views.facts import origin
from synscope.views.lines import flow
from synscope.views.shown_calls import Shown, arguments, is_traced, result
from synscope.views.style import BAD, CALL, FRAME, FUNCTION, NOTE, TIME, Style

PER_LEVEL = 2
_ROOM = 46  # cells kept for a function and what happened in it; deeper levels stop moving right
_CLOCK = 10
_TOOK = 9
_LEAST = 6  # cells below which of arguments nothing is drawn


class Line(NamedTuple):
    """A call and where it stands: `trunk` is drawn before it, `below` under it; `depth` counts from 1."""

    shown: Shown
    trunk: str
    below: str
    depth: int


class Tree(NamedTuple):
    """What the lines of one connection's trees have in common.

    Attributes:
        zero_ns: the zero of their times.
        timed: whether a column says how long each call took.
        traced: whether calls were traced one by one: then that is not said of each.
    """

    zero_ns: int
    timed: bool
    traced: bool
    style: Style

    @classmethod
    def of(cls, connection: Connection, lines: list[Line], style: Style) -> Tree:
        """Of the connection whose trees have these lines."""
        traced = any(is_traced(line.shown.call) for line in lines)
        timed = any(is_traced(line.shown.call) and line.shown.took_ns is not None for line in lines)
        return cls(origin(connection)[0], timed, traced, style)


def deepest(style: Style) -> int:
    """Cells of trunk that are drawn: below that depth, a number says how deep a function is."""
    return (style.columns - 1 - _ROOM) // PER_LEVEL * PER_LEVEL


def sign(evidence: Evidence, tree: Tree) -> str:
    """What stands before a function to say how it is known."""
    signs = {
        "tail_call": "~",
        "ops_pointer": "*",
        "call_site": "+",
        "probe": "" if tree.traced else tree.style.glyphs.probe,
        "inlined": tree.style.glyphs.effect,
        "effect": tree.style.glyphs.effect,
    }
    return signs.get(evidence, "")


def drawn(line: Line, tree: Tree) -> Iterator[Text]:
    """The call: at the right, or else below, what happened in it."""
    style, call = tree.style, line.shown.call
    trunk = line.trunk
    if len(trunk) > deepest(style):
        trunk = f"{trunk[: deepest(style) - PER_LEVEL]}{style.glyphs.leader}{line.depth} "
    text = Text(f" {trunk}", FRAME).append(sign(call.evidence, tree), NOTE)
    marks, times = _marks(call, style), _times(line.shown, tree)
    text.append(fit(style.clean(call.function), style.columns - text.cell_len, style.glyphs), _ink(call))
    room = style.columns - text.cell_len - times.cell_len - (marks.cell_len + 3 if marks else 0)
    text.append_text(_signature(line.shown, room, style))
    if text.cell_len + (marks.cell_len + 2 if marks else 0) + times.cell_len > style.columns:
        yield text
        text = Text(f" {line.below[: deepest(style)]}", FRAME)
    yield _closed(text, marks, times, style)


def _closed(text: Text, marks: Text, times: Text, style: Style) -> Text:
    """The line with its right end: a leader goes to what happened."""
    room = style.columns - text.cell_len - marks.cell_len - times.cell_len
    if marks:
        text.append(f" {style.glyphs.leader * (room - 2)} ", FRAME).append_text(marks)
    elif times:
        text.append(" " * room)
    return text.append_text(times)


def _ink(call: Call) -> str:
    return CALL if call.marks else FUNCTION


def _signature(shown: Shown, room: int, style: Style) -> Text:
    """`(state=SYN_SENT) = 0 ×3`, the arguments cut to what there is room for."""
    call, text = shown.call, Text()
    if not is_traced(call):
        return text
    value = result(call)
    end = "" if value is None else f" = {style.clean(value)}"
    times = f" {style.glyphs.times}{shown.times}" if shown.times > 1 else ""
    given = ", ".join(f"{name}={value}" for name, value in arguments(call).items())
    left = room - len(end) - len(times) - 2
    if given and left >= _LEAST:
        text.append(f"({fit(style.clean(given), left, style.glyphs)})", NOTE)
    text.append(end, BAD if end.startswith(" = -E") else NOTE)
    return text.append(times, NOTE)


def _marks(call: Call, style: Style) -> Text:
    """`sends SYN`, short enough to stand beside the deepest trunk."""
    marks = [*call.marks, *(() if is_traced(call) else _returned(call, style))]
    words = style.clean(", ".join(marks).replace("→", style.glyphs.arrow))
    return Text(fit(words, _ROOM - _CLOCK - 4, style.glyphs), CALL)


def _returned(call: Call, style: Style) -> Iterator[str]:
    """`= -ECONNREFUSED after 44 µs` of a system call whose return was seen."""
    if call.ret is not None:
        spent = None if call.enter_ns is None or call.exit_ns is None else call.exit_ns - call.enter_ns
        yield f"= {call.ret}" + ("" if spent is None else f" after {style.duration(spent)}")


def _times(shown: Shown, tree: Tree) -> Text:
    """How long it took and when it began; without that column, when the marked ones were."""
    call, style = shown.call, tree.style
    told = tree.timed or call.marks or (call.ret is not None and not is_traced(call))
    if not told or (call.seen_ns is None and not tree.timed):
        return Text()
    took = "" if shown.took_ns is None else style.duration(shown.took_ns)
    text = Text(took.rjust(_TOOK), TIME) if tree.timed else Text()
    when = "" if call.seen_ns is None else style.relative(call.seen_ns - tree.zero_ns)
    return text.append(when.rjust(_CLOCK), TIME if call.marks or not tree.timed else NOTE)


def headed(title: Text, tree: Tree) -> Text:
    """The title of a tree with the names of its columns."""
    if tree.timed:
        names = "took".rjust(_TOOK) + "at".rjust(_CLOCK)
        title.append(" " * max(2, tree.style.columns - 1 - title.cell_len - len(names)) + names, FRAME)
    return title


def explained(line: Line, entry: CataloguedFunction, style: Style) -> Iterator[Text]:
    """What the function does, and where it is written, below its call."""
    trunk = style.glyphs.trunk if line.shown.children else " " * PER_LEVEL
    before = f" {line.below}"[: deepest(style) + 1] + trunk
    words = [Text(word, NOTE) for word in style.clean(entry.does).split()]
    words.append(Text(entry.source, FRAME))
    for text in flow(words, style.columns - len(before), indent=0, gap=" "):
        yield Text(before, FRAME).append_text(text)


def meanings(lines: list[Line], tree: Tree) -> Iterator[Text]:
    """What the signs mean, of those that were used."""
    meaning: dict[Evidence, str] = {
        "tail_call": "entered by a jump (tail call)" if tree.traced else "recovered tail call",
        "ops_pointer": "through an operation pointer",
        "call_site": "called in its caller's text",
        "probe": "entry and exit seen",
        "inlined": "inlined (debug information)",
        "effect": "inlined, known by its effect",
    }
    used = {line.shown.call.evidence for line in lines}
    plain = "probe" if tree.traced else "stack"
    words = [
        Text(f"{sign(kind, tree)} {words}", NOTE)
        for kind, words in meaning.items()
        if kind in used and kind != plain
    ]
    deep = max(line.depth for line in lines)
    if deep * PER_LEVEL > deepest(tree.style):
        words.append(Text(f"{tree.style.glyphs.leader}{deep} depth, where it is not drawn", NOTE))
    if words:
        unmarked = "entry and exit seen" if tree.traced else "seen in a stack"
        yield Text(f"unmarked: {unmarked}", NOTE)
    yield from words
