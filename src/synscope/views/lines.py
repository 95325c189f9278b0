"""What views write lines with: words that flow, the title of a connection, its verdict."""

from collections.abc import Iterable, Iterator

from rich.cells import chop_cells
from rich.text import Text

from synscope.connections.model import Connection, Half, SideName
from synscope.text import endpoint, fit
from synscope.views.facts import half_of, origin, other, setup_ns
from synscope.views.style import BAD, FRAME, GOOD, NOTE, STATE, TITLE, Style

NUMBER_CELLS = 8
COMM_CELLS = 24  # 16 bytes in the kernel, up to six cells each once escaped
_ZERO = {
    "syn_out": "when the SYN was sent",
    "syn_in": "when the SYN arrived",
    "request": "when the SYN was accepted as a request",
    "accepted": "when accept() returned",
}


def flow(pieces: Iterable[Text], columns: int, *, indent: int = 4, gap: str = "  ") -> Iterator[Text]:
    """Lines of at most `columns` cells: the pieces in order, lines after the first indented.

    Breaks fall between pieces, and within one only if it is longer than a line.
    """
    line: Text | None = None
    for piece in _no_longer_than(pieces, columns - indent):
        if line is not None and line.cell_len + len(gap) + piece.cell_len <= columns:
            line.append(gap, FRAME)
            line.append_text(piece)
        else:
            if line is not None:
                yield line
            line = piece.copy() if line is None else Text(" " * indent).append_text(piece)
    if line is not None:
        yield line


def _no_longer_than(pieces: Iterable[Text], columns: int) -> Iterator[Text]:
    for piece in pieces:
        if piece.cell_len <= columns:
            yield piece
        else:
            yield from (Text(part, piece.style) for part in chop_cells(piece.plain, columns))


def indented(lines: Iterable[Text], by: int = 1) -> Iterator[Text]:
    """The same lines, moved right."""
    return (Text(" " * by).append_text(line) for line in lines)


def paragraph(text: str, style: Style, ink: str = NOTE) -> Iterator[Text]:
    """A sentence or more (clean already), broken between words, one column in."""
    words = (Text(word, ink) for word in text.split())
    return indented(flow(words, style.columns - 1, indent=0, gap=" "))


def number_of(connection: Connection, style: Style) -> str:
    """`#1` for `c1`."""
    return "#" + fit(style.clean(connection.id.removeprefix("c")), NUMBER_CELLS, style.glyphs)


def place(connection: Connection, side: SideName, style: Style) -> str:
    """`127.0.0.1:8080`, clean: as that side's socket has it, else as its peer's names it; `?` if unknown."""
    half, peer = half_of(connection, side), half_of(connection, other(side))
    if half is not None and half.address is not None:
        return style.clean(endpoint(half.address, half.port))
    if peer is not None:
        return style.clean(endpoint(peer.peer_address, peer.peer_port))
    return "?"


def owner(half: Half | None, style: Style) -> str:
    """`python3[4711]`, clean; empty where the owner is not known."""
    if half is None or (half.comm is None and half.pid is None):
        return ""
    comm = "?" if half.comm is None else fit(style.clean(half.comm), COMM_CELLS, style.glyphs)
    return f"{comm}[{'?' if half.pid is None else half.pid}]"


def verdict(connection: Connection, style: Style) -> Text:
    """`established in 96 µs`, `refused after 45 µs`, `in progress`, `outcome not known`."""
    if connection.outcome is None:
        return Text("outcome not known", NOTE)
    words = style.clean(connection.outcome).replace("_", " ")
    if connection.outcome == "in_progress":
        return Text(words, NOTE)
    good = connection.outcome == "established"
    spent = setup_ns(connection)
    when = "" if spent is None else f" {'in' if good else 'after'} {style.duration(spent)}"
    return Text(words + when, GOOD if good else BAD)


def title(connection: Connection, style: Style) -> Iterator[Text]:
    """The line that names a connection: `#1  a → b   established in 96 µs   comm[1] → comm[2]`."""
    arrow = f" {style.glyphs.arrow}"
    client, server = place(connection, "client", style), place(connection, "server", style)
    first = f"{number_of(connection, style)}  {client}{arrow}"
    names = [Text(f"{first} {server}", TITLE)]
    if names[0].cell_len > style.columns - 4:
        names = [Text(first, TITLE), Text(server, TITLE)]
    return flow([*names, verdict(connection, style), *_owners(connection, style)], style.columns, gap="   ")


def _owners(connection: Connection, style: Style) -> list[Text]:
    client, server = owner(connection.client, style), owner(connection.server, style)
    if not client and not server:
        return []
    return [Text(f"{client or '?'} {style.glyphs.arrow} {server or '?'}", FRAME)]


def zero_note(connection: Connection, style: Style) -> Iterator[Text]:
    """What t = 0 is, where it is not connect()."""
    _, event = origin(connection)
    if event != "connect()":
        name = style.clean(_ZERO.get(event, event))
        yield from paragraph(f"connect() was not seen: t = 0 is {name}.", style)


def side_title(connection: Connection, side: SideName, style: Style) -> Text:
    """`client  python3[4711]`."""
    line = Text(side, STATE)
    name = owner(half_of(connection, side), style)
    return line.append(f"  {name}", FRAME) if name else line
