"""Tables of operations: member, the function that it points to, and that function's file."""

from collections.abc import Iterable, Iterator, Mapping, Sequence

from rich.text import Text

from synscope.tcp.inside import OfferedSocket, Pointer, Tables
from synscope.tcp.operations import OF_SETUP, STRUCTS
from synscope.text import fit
from synscope.views.lines import flow
from synscope.views.style import FRAME, FUNCTION, NOTE, STATE, TITLE, Style

_MEMBER, _FUNCTION = 14, 28


def tables(found: Tables, style: Style, *, everything: bool) -> Iterator[Text]:
    """Each table of a socket, below the pointer that leads to it."""
    for kind, members in found.items():
        yield Text.assemble((kind, STATE), (f"  struct {STRUCTS[kind]}", FRAME))
        yield from members_of(kind, members, style, everything=everything)


def members_of(
    kind: str, members: Mapping[str, Pointer], style: Style, *, everything: bool
) -> Iterator[Text]:
    """A line for each member: of connection setup, or of all; NULL ones are not among them."""
    shown = [name for name in (members if everything else OF_SETUP[kind]) if name in members]
    for name in shown:
        yield _line(name, members[name], style)
    if left := len(members) - len(shown):
        yield Text(f"  {style.glyphs.ellipsis} and {left} more: --all", NOTE)


def _line(member: str, pointer: Pointer, style: Style) -> Text:
    function = style.clean(pointer.function)
    line = Text.assemble(f"  {member.ljust(_MEMBER)} ", (function.ljust(_FUNCTION), FUNCTION))
    line.append(f" {pointer.source or '?'}", FRAME)
    return line if line.cell_len <= style.columns else Text(fit(line.plain, style.columns, style.glyphs))


def offered(sockets: Sequence[OfferedSocket], style: Style, *, everything: bool) -> Iterator[Text]:
    """Each table of operations, the calls of socket() that lead to it, and its members."""
    of_ops = _groups((socket.ops, socket) for socket in sockets)
    of_prot = _groups((socket.prot, socket) for socket in sockets)
    for kind, by_symbol in (("socket->ops", of_ops), ("sk_prot", of_prot)):
        for symbol, users in by_symbol.items():
            yield Text.assemble((symbol, TITLE), (f"  {kind}, struct {STRUCTS[kind]}, of", FRAME))
            calls = (Text(f"socket({user.call})") for user in users)
            yield from (Text("  ").append_text(line) for line in flow(calls, style.columns - 2, indent=0))
            yield from _of_any(kind, users, style, everything=everything)
            yield Text()


def _groups(named: Iterable[tuple[str, OfferedSocket]]) -> dict[str, list[OfferedSocket]]:
    """By name, in the order of the first of each."""
    found: dict[str, list[OfferedSocket]] = {}
    for name, socket in named:
        found.setdefault(name, []).append(socket)
    return found


def _of_any(kind: str, users: Sequence[OfferedSocket], style: Style, *, everything: bool) -> Iterator[Text]:
    """The table as one of those that share it has it: some may not be made by this user."""
    made = [user for user in users if user.refused is None]
    if made:
        yield from members_of(kind, made[0].tables.get(kind, {}), style, everything=everything)
    else:
        yield Text(f"  not looked into: the call fails with {users[0].refused}", NOTE)
