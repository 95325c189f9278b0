"""The call trees of two connections as one, cut down to what differs and what that is in."""

from collections.abc import Iterator, Sequence
from typing import NamedTuple

from rich.text import Text

from synscope.connections.call_comparison import walk
from synscope.connections.comparison import ComparedCall
from synscope.connections.model import Evidence
from synscope.text import fit
from synscope.views.lines import flow, indented
from synscope.views.style import BAD, FRAME, FUNCTION, GOOD, NOTE, TITLE, Style

ADDED, GONE, MOVED = GOOD, BAD, "yellow"
_MARKS = {"appeared": ("+", ADDED), "vanished": ("-", GONE), "same": (" ", "")}
_ROOM = 36  # cells kept for a function: deeper levels stop moving right
_MEANING = {"-": "only in a", "+": "only in b", "~": "in both, elsewhere or by another name"}
_UNSEEN: dict[Evidence, str] = {
    "ops_pointer": "through an operation pointer",
    "call_site": "by its caller's text",
    "inlined": "inlined",
    "effect": "inlined, by its effect",
}
"""How a call is known that neither a stack nor a probe shows: the other trace may have had no way to know."""


class _Line(NamedTuple):
    """A call to be drawn (`times`: so many in a row), or how many are alike (`call` None)."""

    call: ComparedCall | None
    trunk: str
    alike: int = 0
    times: int = 1


def changed_calls(calls: Sequence[ComparedCall], style: Style) -> Iterator[Text]:
    """By side and context; nothing where nothing differs."""
    changed: set[int] = set()
    for call in calls:
        _note(call, changed)
    places = dict.fromkeys((call.side, call.context) for call in calls if id(call) in changed)
    for side, context in places:
        yield Text()
        yield Text(f" functions  {side}", TITLE).append(f"  {context}", NOTE)
        roots = [call for call in calls if (call.side, call.context) == (side, context)]
        for line in _lines(roots, "", changed, style):
            yield _drawn(line, style)
    if places:
        used = {_mark(call)[0] for call in walk(calls)}
        yield Text()
        words = [Text(f"{mark} {meaning}", NOTE) for mark, meaning in _MEANING.items() if mark in used]
        yield from indented(flow(words, style.columns - 1, indent=0, gap="   "))


def ratio(a: int | None, b: int | None) -> str:
    """`1.43` times as long; nothing where one is not known."""
    if not a or b is None:
        return ""
    times = b / a
    return f"{times:.2f}" if times < 10 else f"{times:.0f}"


def _note(call: ComparedCall, changed: set[int]) -> bool:
    """Put the id of what differs, or has something below that does, into `changed`."""
    below = [_note(child, changed) for child in call.children]
    if any(below) or _mark(call)[0] != " " or call.a_ret != call.b_ret:
        changed.add(id(call))
    return id(call) in changed


def _mark(call: ComparedCall) -> tuple[str, str]:
    if call.change in ("moved", "reordered", "left") or (call.change == "same" and call.was):
        return "~", MOVED
    return _MARKS[call.change]


def _lines(calls: Sequence[ComparedCall], trunk: str, changed: set[int], style: Style) -> Iterator[_Line]:
    """What differs, and what that is in; what is alike is counted where it stands."""
    shown = _grouped(calls, changed)
    for at, (call, count) in enumerate(shown):
        is_last = at == len(shown) - 1
        place = trunk + (style.glyphs.last if is_last else style.glyphs.branch)
        yield _Line(call, place, 0, count) if call is not None else _Line(call, place, count)
        if call is not None:
            below = trunk + ("  " if is_last else style.glyphs.trunk)
            yield from _lines(call.children, below, changed, style)


def _grouped(calls: Sequence[ComparedCall], changed: set[int]) -> list[tuple[ComparedCall | None, int]]:
    """The calls that differ, each with how many like it follow on one another; None and how many do not."""
    shown: list[tuple[ComparedCall | None, int]] = []
    for call in calls:
        told = call if id(call) in changed else None
        before = shown[-1][0] if shown else call
        if told is None:
            size = sum(1 for _ in walk([call]))
            shown.append((None, size + (shown.pop()[1] if shown and before is None else 0)))
        elif shown and before is not None and _face(before) == _face(call):
            shown.append((call, shown.pop()[1] + 1))
        else:
            shown.append((call, 1))
    return shown


def _face(call: ComparedCall) -> object:
    """What is drawn of a call that calls nothing; of others the call itself."""
    return id(call) if call.children else (call.change, call.function, call.was, call.other)


def _drawn(line: _Line, style: Style) -> Text:
    trunk = _trunk(line.trunk, style)
    if line.call is None:
        return Text(f"   {trunk}", FRAME).append(f"{line.alike} the same", NOTE)
    mark, ink = _mark(line.call)
    text = Text(f" {mark} ", ink).append(trunk, FRAME)
    name = style.clean(line.call.function) + (f" x{line.times}" if line.times > 1 else "")
    text.append(fit(name, style.columns - text.cell_len, style.glyphs), ink or FUNCTION)
    notes = fit("  ".join(_notes(line.call, style)), max(0, style.columns - text.cell_len - 3), style.glyphs)
    return text.append(f"   {notes}", NOTE) if notes else text


def _trunk(trunk: str, style: Style) -> str:
    """Below the deepest level that there is room for, a number says how deep a call is."""
    deepest = (style.columns - 3 - _ROOM) // 2 * 2
    if len(trunk) <= deepest:
        return trunk
    return f"{trunk[: deepest - 4]}{style.glyphs.leader}{len(trunk) // 2} "


def _notes(call: ComparedCall, style: Style) -> Iterator[str]:
    if call.change in ("moved", "reordered", "left"):
        word = "now" if call.change == "left" else "was"
        yield f"{word} in {style.clean(call.other)}" if call.other else "in another order"
    if call.change in ("appeared", "vanished") and call.evidence in _UNSEEN:
        yield _UNSEEN[call.evidence]
    if call.was is not None:
        yield f"was {style.clean(call.was)}"
    if call.a_ret != call.b_ret:
        yield f"= {style.clean(call.a_ret or '?')} {style.glyphs.arrow} {style.clean(call.b_ret or '?')}"
    if call.a_ns is not None and call.b_ns is not None:
        yield f"{style.duration(call.a_ns)} {style.glyphs.arrow} {style.duration(call.b_ns)}"
