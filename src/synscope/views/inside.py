"""A socket as the kernel holds it: whose it is, its fields under their headings, its operations."""

from collections.abc import Iterator, Sequence
from itertools import groupby

from rich.text import Text

from synscope.tcp.inside import InsideSocket, Isns, Tables
from synscope.tcp.inside_fields import CONNECTION, LISTENER, QUIET, REQUEST, TIME_WAIT, Field
from synscope.text import endpoint, fit
from synscope.views.lines import COMM_CELLS, flow, paragraph
from synscope.views.operations import tables
from synscope.views.style import FRAME, NOTE, STATE, TITLE, Style

MPTCP = (
    "Of an MPTCP socket only the outside is shown. Its subflows are TCP sockets of the kernel's own, which "
    "no process has open: --port shows them."
)
_HEADING = 20
_UNITS = ("_ms", "_us")
_ISN_IS = {
    "kept": "",
    "active": " (active open: snd_una - bytes_acked)",
    "passive": " (passive open: snd_una - bytes_acked - 1)",
}


def inside(sockets: Sequence[InsideSocket], style: Style, *, everything: bool) -> Iterator[Text]:
    """Each socket, then the tables of operations: once, however many sockets share them."""
    shared = _distinct(sockets)
    for socket in sockets:
        yield from _socket(socket, style)
        if len(shared) > 1 and socket.kind == "socket" and socket.tables:
            at = next(at for at, found in enumerate(shared) if socket.tables.items() <= found.items())
            yield from _line("operations", [Text(f"{_letter(at)}, below")], style)
        if socket.kind != "other":
            yield Text()
    if any(socket.protocol == "IPPROTO_MPTCP" for socket in sockets):
        yield from paragraph(MPTCP, style)
    if shared and sockets[-1].kind == "other":
        yield Text()
    for at, found in enumerate(shared):
        if len(shared) > 1:
            yield Text(f"operations {_letter(at)}", TITLE)
        yield from tables(found, style, everything=everything)
        if at < len(shared) - 1:
            yield Text()


def _letter(at: int) -> str:
    return chr(ord("A") + at)


def _distinct(sockets: Sequence[InsideSocket]) -> list[Tables]:
    """A child that nobody has accepted has no socket->ops yet: what is part of another's is no other."""
    found: list[Tables] = []
    of_tcp = (socket.tables for socket in sockets if socket.kind == "socket" and socket.tables)
    for one in sorted(of_tcp, key=len, reverse=True):
        if not any(one.items() <= known.items() for known in found):
            found.append(one)
    return found


def _socket(socket: InsideSocket, style: Style) -> Iterator[Text]:
    if socket.kind == "other":
        said = (f"{socket.family} {socket.type} {socket.protocol}", str(socket.socket_state))
        pieces = [*map(Text, said), *_owners(socket, style), Text(f"inode {socket.inode}", FRAME)]
        yield from flow(pieces, style.columns, gap="   ")
        return
    yield from _title(socket, style)
    yield from _indented((Text(piece, FRAME) for piece in _identity(socket, style)), style)
    yield from _fields(socket, style)
    yield from _told(socket, style)


def _identity(socket: InsideSocket, style: Style) -> Iterator[str]:
    yield f"{socket.family} {socket.type} {socket.protocol}"
    if socket.kind == "socket" and socket.tables:
        yield socket.socket_state or "no struct socket"
    if socket.uid is not None:
        yield f"uid {socket.uid}"
    if socket.inode:
        yield f"inode {socket.inode}"
    if socket.cookie:
        yield f"cookie {socket.cookie}"
    yield f"netns {socket.netns}"
    if socket.cgroup is not None:
        yield f"cgroup {style.clean(socket.cgroup)}"


def _title(socket: InsideSocket, style: Style) -> Iterator[Text]:
    ends = [endpoint(socket.address, socket.port)]
    if socket.peer_address is not None:
        ends.append(f"{style.glyphs.arrow} {endpoint(socket.peer_address, socket.peer_port)}")
    pieces = [Text(" ".join(ends), TITLE), Text(socket.state, STATE), *_owners(socket, style)]
    if socket.kind == "socket" and socket.tables and not socket.owners:
        waits = socket.listener is not None
        pieces.append(Text("waits for accept()" if waits else "no process has it open", NOTE))
    yield from flow(pieces, style.columns, gap="   ")


def _owners(socket: InsideSocket, style: Style) -> list[Text]:
    def name(comm: str) -> str:
        return fit(style.clean(comm), COMM_CELLS, style.glyphs)

    return [Text(f"{name(owner.comm)}[{owner.pid}] fd {owner.fd}") for owner in socket.owners]


def _fields(socket: InsideSocket, style: Style) -> Iterator[Text]:
    for group, fields in groupby(_table(socket), key=lambda field: field.group):
        told = [(field.name, socket.values[field.name]) for field in fields if field.name in socket.values]
        if group in QUIET or socket.state == "CLOSE":
            told = [(name, value) for name, value in told if value]
        if told:
            yield from _line(group, [_valued(name, value) for name, value in told], style)


def _table(socket: InsideSocket) -> tuple[Field, ...]:
    if socket.kind == "request":
        return REQUEST
    if socket.kind == "time_wait":
        return TIME_WAIT
    return LISTENER if socket.state == "LISTEN" else CONNECTION


def _valued(name: str, value: int) -> Text:
    if name.endswith(_UNITS):
        name, unit = name.rsplit("_", 1)
        return Text.assemble((name, FRAME), f" {value} {unit}")
    return Text.assemble((name, FRAME), f" {value}")


def _told(socket: InsideSocket, style: Style) -> Iterator[Text]:
    """What is no single field."""
    if socket.accept_queue:
        yield from _line("waiting, in order", [Text(f"cookie {each}") for each in socket.accept_queue], style)
    if socket.isns is not None:
        yield from _line("ISNs", list(_isns(socket.isns)), style)
    if socket.timer is not None:
        timer = socket.timer
        said = f"{timer.name} in {timer.expires_ms} ms" + (
            f", tries so far: {timer.tries}" if timer.tries else ""
        )
        yield from _line("timer", [Text(said)], style)
    if socket.congestion_control is not None:
        yield from _line("congestion", [Text(style.clean(socket.congestion_control))], style)


def _isns(isns: Isns) -> Iterator[Text]:
    if isns.own is not None:
        yield Text(f"own {isns.own}{_ISN_IS[isns.own_is]}")
    if isns.peer is not None:
        yield Text(f"peer {isns.peer}")


def _line(heading: str, pieces: Sequence[Text], style: Style) -> Iterator[Text]:
    first = Text(f"  {heading}".ljust(_HEADING), NOTE)
    for line in flow(pieces, style.columns - _HEADING, indent=0):
        yield first.append_text(line)
        first = Text(" " * _HEADING)


def _indented(pieces: Iterator[Text], style: Style) -> Iterator[Text]:
    return (Text("  ").append_text(line) for line in flow(pieces, style.columns - 2, indent=0))
