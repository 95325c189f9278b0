"""The story of one connection: all that its section of the report says."""

from collections.abc import Iterator
from typing import NamedTuple

from markupsafe import Markup

from synscope.connections.model import Connection, Half, SideName
from synscope.export.report import phases, segments
from synscope.export.report.findings import Card, card
from synscope.export.report.tree import CallTree, call_tree
from synscope.text import endpoint
from synscope.views.facts import SIDES, half_of, origin, retransmits
from synscope.views.ladder_svg import drawing
from synscope.views.lines import number_of, owner, place, verdict
from synscope.views.state_svg import svg
from synscope.views.style import Style


class Ops(NamedTuple):
    """A table of operation pointers."""

    name: str
    members: tuple[tuple[str, str], ...]


class End(NamedTuple):
    """One socket: its facts by name, and the functions that it calls through pointers."""

    side: SideName
    facts: tuple[tuple[str, str], ...]
    ops: tuple[Ops, ...]


class Story(NamedTuple):
    """Everything clean; what is `Markup` was drawn, and escaped, by synscope.

    Attributes:
        tone: `good`, `bad` or `note`.
        narrow: the ladder for a narrow page; "" where there is none.
        states: the state diagram; "" where there is none.
        zero: what the zero of all times is.
    """

    id: str
    number: str
    client: str
    server: str
    verdict: str
    tone: str
    errno: str
    owners: str
    zero: str
    notes: tuple[str, ...]
    cards: tuple[Card, ...]
    wide: Markup
    narrow: Markup
    tree: CallTree | None
    phases: tuple[phases.Side, ...]
    segments: tuple[segments.Row, ...]
    states: Markup
    ends: tuple[End, ...]


def story(connection: Connection, style: Style, *, whole: bool = True) -> Story:
    """The connection's; without `whole`, without what takes the most room: narrow ladder, state diagram."""
    client, server = (owner(half_of(connection, side), style) for side in SIDES)
    return Story(
        id=connection.id,
        number=number_of(connection, style),
        client=place(connection, "client", style),
        server=place(connection, "server", style),
        verdict=verdict(connection, style).plain,
        tone=tone(connection),
        errno=style.clean(connection.errno or ""),
        owners=f"{client or '?'} → {server or '?'}" if client or server else "",
        zero=origin(connection)[1],
        notes=tuple(_notes(connection, style)),
        cards=tuple(card(finding, style) for finding in connection.findings),
        wide=_drawn(drawing(connection, style)),
        narrow=_drawn(drawing(connection, style, narrow=True) if whole else ""),
        tree=call_tree(connection, style),
        phases=phases.phases(connection, style),
        segments=segments.rows(connection, style),
        states=_drawn(svg(connection, style, styled=False) if whole else ""),
        ends=tuple(_end(side, half, style) for side in SIDES if (half := half_of(connection, side))),
    )


def _drawn(svg: str) -> Markup:
    return Markup(svg)  # noqa: S704 - drawn by synscope, which escapes what it was given


def tone(connection: Connection) -> str:
    """In which ink its outcome is written; words say the same."""
    if connection.outcome == "established":
        return "good"
    return "note" if connection.outcome in (None, "in_progress") else "bad"


def _notes(connection: Connection, style: Style) -> Iterator[str]:
    count = retransmits(connection)
    if count:
        yield f"{count} retransmission{'s' if count > 1 else ''}."
    if connection.server is not None and (listener := connection.server.listener) and listener.syn_cookie:
        yield "By SYN cookie: the listener kept no request."
    if any(segment.inferred for segment in connection.segments):
        yield "Dashed segments were not captured: they are drawn from what the sockets recorded."
    if connection.lost:
        parts = (f"{style.clean(hook)} {times}" for hook, times in connection.lost.items())
        yield f"Incomplete, lost by the tracer: {', '.join(parts)}."


def _end(side: SideName, half: Half, style: Style) -> End:
    known = ((name, style.clean(str(value))) for name, value in _facts(half) if value is not None)
    tables = (half.ops or {}).items()
    ops = tuple(Ops(style.clean(name), tuple(_clean(members, style))) for name, members in tables)
    return End(side, tuple(known), ops)


def _clean(members: dict[str, str], style: Style) -> Iterator[tuple[str, str]]:
    return ((style.clean(name), style.clean(function)) for name, function in members.items())


def _facts(half: Half) -> Iterator[tuple[str, object]]:
    if half.address is not None:
        yield "address", endpoint(half.address, half.port)
    yield "process", None if half.pid is None else f"{half.comm or '?'}[{half.pid}]"
    yield "thread", half.tid if half.tid != half.pid else None
    yield "user id", half.uid
    yield "initial sequence number", half.isn
    yield "network namespace", half.netns
    yield "cgroup", half.cgroup
    yield "socket cookie", half.cookie
    for name in ("sk_err", "sk_err_soft", "drop_reason", "drop_location"):
        yield name, getattr(half, name)
    if half.listener is not None and half.listener.backlog_max is not None:
        waiting = half.listener.backlog_at_syn
        yield "accept queue at the SYN", f"{'?' if waiting is None else waiting}/{half.listener.backlog_max}"
