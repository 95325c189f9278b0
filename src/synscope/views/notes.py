"""What stands below a ladder: the outcome, where the time went, errors, losses, footnotes."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import TYPE_CHECKING

from rich.text import Text

from synscope.connections.model import Connection, SideName
from synscope.text import Glyphs
from synscope.views.facts import SIDES, half_of, moment, other, retransmits, seen
from synscope.views.findings import findings
from synscope.views.lines import flow, indented, paragraph, verdict
from synscope.views.style import BAD, NOTE, TIME, Style

if TYPE_CHECKING:
    from synscope.events.trace import Trace


def closing(connection: Connection, style: Style) -> Iterator[Text]:
    """All that is said below the two lanes."""
    yield from _listed(_outcome(connection, style), style)
    for side in SIDES:
        yield from _listed(_phases(connection, side, style), style)
        yield from _listed(_errors(connection, side, style), style)
    for note in (*_footnotes(connection, style.glyphs), *_losses(connection, style)):
        yield from paragraph(note, style)
    yield from findings(connection, style)


def _listed(pieces: Iterator[Text], style: Style) -> Iterator[Text]:
    """Pieces with a dot between (a comma in ASCII)."""
    gap = f"{style.glyphs.dot} " if style.ascii else f" {style.glyphs.dot} "
    return indented(flow(pieces, style.columns - 1, indent=2, gap=gap))


def _outcome(connection: Connection, style: Style) -> Iterator[Text]:
    yield verdict(connection, style)
    if connection.errno is not None:
        yield Text(style.clean(connection.errno), BAD)
    if count := retransmits(connection):
        yield Text(f"{count} retransmission{'s' if count > 1 else ''}", BAD)
    yield from _listener(connection)


def _listener(connection: Connection) -> Iterator[Text]:
    listener = connection.server.listener if connection.server is not None else None
    if listener is None:
        return
    if listener.syn_cookie:
        yield Text("by SYN cookie: the listener kept no request")
    if listener.backlog_at_syn is not None and moment(connection, "request", "server") is None:
        limit = "?" if listener.backlog_max is None else listener.backlog_max
        yield Text(f"accept queue {listener.backlog_at_syn}/{limit} at the SYN")


def _phases(connection: Connection, side: SideName, style: Style) -> Iterator[Text]:
    """`client: route 14 µs · syn 25 µs`: where that side's time went."""
    head = f"{side}: "
    for phase in connection.phases:
        if phase.side == side:
            name = style.clean(phase.name).replace("_", " ")
            yield Text(f"{head}{name} ", NOTE).append(style.duration(phase.duration_ns), TIME)
            head = ""


def _errors(connection: Connection, side: SideName, style: Style) -> Iterator[Text]:
    half = half_of(connection, side)
    if half is None:
        return
    for name in ("sk_err", "sk_err_soft", "drop_reason"):
        value = getattr(half, name)
        if value is not None and not (name == "sk_err" and value == connection.errno):
            where = f" at {half.drop_location}" if name == "drop_reason" and half.drop_location else ""
            yield Text(style.clean(f"{side} {name} {value}{where}"), NOTE)


def _footnotes(connection: Connection, glyphs: Glyphs) -> Iterator[str]:
    """The signs in the lanes that need a word."""
    if any(segment.inferred for segment in connection.segments):
        yield f"{glyphs.dots * 2}{glyphs.right} not captured: drawn from what the sockets recorded."
    lost = [s for s in connection.segments if s.received_ns is None and not (s.dropped or s.inferred)]
    if any(seen(connection, other(segment.source)) for segment in lost):
        yield f"{glyphs.line * 2} ? sent, and not seen to arrive."
    if any(segment.dropped is not None for segment in connection.segments):
        yield f"{glyphs.line * 2}{glyphs.cross} freed by the kernel instead of delivered."


def _losses(connection: Connection, style: Style) -> Iterator[str]:
    if connection.lost:
        parts = (f"{style.clean(hook)} {count}" for hook, count in connection.lost.items())
        yield f"Incomplete, lost by the tracer: {', '.join(parts)}."


def each(
    connections: Sequence[Connection],
    trace: Trace,
    style: Style,
    draw: Callable[[Connection, Style], Iterator[Text]],
) -> Iterator[Text]:
    """`draw` of each connection, a blank line between; without any, what that may mean."""
    if not connections:
        yield from nothing(trace, style)
    for index, connection in enumerate(connections):
        if index:
            yield Text()
        yield from draw(connection, style)


def nothing(trace: Trace, style: Style) -> Iterator[Text]:
    """What is said of a trace without connections, and what that may mean."""
    yield Text(" No TCP connection was seen.")
    for cause in _causes(trace):
        yield from paragraph(style.clean(cause), style)


def _causes(trace: Trace) -> Iterator[str]:
    footer = trace.footer
    if footer.left_out:
        kinds = ", ".join(f"{count} {kind}" for kind, count in footer.left_out.items())
        yield f"Sockets recognised and left out: {kinds}."
    if footer.lost:
        yield f"Records lost by the tracer: {sum(footer.lost.values())}; connections may be among them."
    missing = sum(not hook.attached for hook in trace.header.hooks)
    if missing:
        yield f"Hooks that could not be attached: {missing} (see the summary view, or synscope doctor)."
    if not footer.complete:
        yield "The trace was cut off before its end."
    yield (
        "The command may have used no network, UDP or Unix sockets, a connection that was open before "
        "the trace began, or another process that the trace does not follow (a daemon, a container)."
    )
