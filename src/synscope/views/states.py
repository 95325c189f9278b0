"""The path of states of each side: when each was entered, by which function, and for how long."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING

from rich.text import Text

from synscope.connections.model import Connection, SideName, Transition
from synscope.text import fit
from synscope.views.facts import SIDES, origin, seen
from synscope.views.lines import indented, side_title, title, zero_note
from synscope.views.notes import each
from synscope.views.style import FRAME, FUNCTION, NOTE, STATE, TIME, Style

if TYPE_CHECKING:
    from synscope.events.trace import Trace

NAME = "states"
ONE_LINE = "the states that each side moved through, when, and by which function"

_CLOCK = 9
_STATE = 12  # SYN_RECV, ESTABLISHED, NEW_SYN_RECV: the kernel's longest


def render(connections: Sequence[Connection], trace: Trace, style: Style) -> Iterator[Text]:
    """The states of each connection, a blank line between."""
    return each(connections, trace, style, _connection)


def _connection(connection: Connection, style: Style) -> Iterator[Text]:
    yield from title(connection, style)
    zero, _ = origin(connection)
    yield from zero_note(connection, style)
    for side in SIDES:
        path = sorted((c for c in connection.transitions if c.side == side), key=lambda change: change.t_ns)
        yield Text()
        yield from indented([side_title(connection, side, style)])
        if path:
            yield from _path(path, zero, style)
        else:
            yield from indented([Text(_absent(connection, side), NOTE)], 3)


def _absent(connection: Connection, side: SideName) -> str:
    return "no state change was seen" if seen(connection, side) else "not seen here"


def _path(path: Sequence[Transition], zero: int, style: Style) -> Iterator[Text]:
    yield Text(f"   {'at':>{_CLOCK}}   {'state':{_STATE}}  {'for':>{_CLOCK}}   entered by", FRAME)
    state: str | None = None
    for change, following in zip(path, [*path[1:], None], strict=True):
        if change.source != state:
            yield _line("", change.source, "", "", style)
        state = change.target
        lasted = _lasted(change, following, style)
        yield _line(style.relative(change.t_ns - zero), change.target, lasted, change.by or "", style)


def _lasted(change: Transition, following: Transition | None, style: Style) -> str:
    """How long the state entered lasted. A listener stays in LISTEN: what leaves it is its clone."""
    if following is None or following.source != change.target or change.target == "LISTEN":
        return ""
    return style.duration(following.t_ns - change.t_ns)


def _line(at: str, state: str, lasted: str, by: str, style: Style) -> Text:
    name = fit(style.clean(state), _STATE, style.glyphs)
    pad = " " * (_STATE - Text(name).cell_len)
    line = Text(f"   {at:>{_CLOCK}}   ", TIME).append(name + pad, STATE)
    line.append(f"  {lasted:>{_CLOCK}}   ", TIME)
    line.append(fit(style.clean(by), style.columns - line.cell_len, style.glyphs), FUNCTION)
    line.rstrip()
    return line
