"""Connections as OpenTelemetry's spans, under the names of its semantic conventions.

A connection is a trace of its own: the span `socket connect`, kind CLIENT, of the client's process; below it
`socket accept`, kind SERVER, of the server's process, where both halves were seen; below each its phases.
What the conventions have no name for is `synscope.*`. Times are those of the wall clock.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from typing import TYPE_CHECKING

import msgspec

from synscope.export.span_events import events_of, known
from synscope.views.facts import SIDES, half_of, origin, other, retransmits, seen, setup_ns

if TYPE_CHECKING:
    from synscope.connections.model import Connection, Finding, Half, SideName
    from synscope.events.trace import Header
    from synscope.export.span_events import Event, Value

INTERNAL, SERVER, CLIENT = 1, 2, 3
"""SpanKind of opentelemetry/proto/trace/v1/trace.proto."""

UNDECIDED = ("established", "in_progress", "aborted", None)
"""Outcomes that are no failure, or may be none: `aborted` is its owner's wish."""

_KINDS: dict[SideName, tuple[str, int]] = {
    "client": ("socket connect", CLIENT),
    "server": ("socket accept", SERVER),
}


class Span(msgspec.Struct, frozen=True, kw_only=True):
    """A span.

    Attributes:
        trace_id, span_id, parent_id: hex; `parent_id` is "" at the root.
        start_ns, end_ns: ns of CLOCK_MONOTONIC.
        owner: the half whose process it belongs to; None where that is not known.
        error: what failed, in a sentence; None where nothing did.
    """

    trace_id: str
    span_id: str
    parent_id: str = ""
    name: str
    kind: int = INTERNAL
    start_ns: int
    end_ns: int
    owner: Half | None
    attributes: dict[str, Value] = {}
    events: tuple[Event, ...] = ()
    error: str | None = None


def spans(connection: Connection, header: Header) -> Iterator[Span]:
    """The connection's spans, its root first."""
    trace_id = _id(32, header.build_id, header.hostname, header.started_wall_ns, connection.id)
    sides = [side for side in SIDES if seen(connection, side)] or [_known(connection)]
    parent = ""
    for side in sides:
        span = _of_side(connection, side, trace_id, parent, header)
        yield span
        yield from _phases(connection, side, span)
        parent = parent or span.span_id


def _known(connection: Connection) -> SideName:
    return "server" if connection.client is None else "client"


def _id(digits: int, *of: object) -> str:
    """An id that is the same whenever it is made of the same."""
    return hashlib.sha256("\0".join(map(str, of)).encode(errors="surrogatepass")).hexdigest()[:digits]


def _of_side(connection: Connection, side: SideName, trace_id: str, parent: str, header: Header) -> Span:
    start, end = _extent(connection, side, header)
    name, kind = _KINDS[side]
    root = not parent
    attributes = _network(connection, side) | (_story(connection) if root else {})
    return Span(
        trace_id=trace_id,
        span_id=_id(16, trace_id, side),
        parent_id=parent,
        name=name,
        kind=kind,
        start_ns=start,
        end_ns=end,
        owner=half_of(connection, side),
        attributes=known(attributes),
        events=tuple(events_of(connection, side, start, end, root)),
        error=_error(connection) if root else None,
    )


def _phases(connection: Connection, side: SideName, parent: Span) -> Iterator[Span]:
    for n, phase in enumerate(connection.phases):
        if phase.side == side:
            yield Span(
                trace_id=parent.trace_id,
                span_id=_id(16, parent.trace_id, "phase", n),
                parent_id=parent.span_id,
                name=phase.name,
                start_ns=phase.start_ns,
                end_ns=phase.start_ns + phase.duration_ns,
                owner=parent.owner,
            )


def _extent(connection: Connection, side: SideName, header: Header) -> tuple[int, int]:
    """From when to when a side was busy: with its phases; without any, as long as the attempt took."""
    own = [phase for phase in connection.phases if phase.side == side]
    if own:
        return own[0].start_ns, max(phase.start_ns + phase.duration_ns for phase in own)
    start = origin(connection)[0] or header.started_mono_ns
    return start, start + (setup_ns(connection) or 0)


def _network(connection: Connection, side: SideName) -> dict[str, Value | None]:
    inet6 = connection.family == "inet6" and not connection.mapped
    half, peer = half_of(connection, side), half_of(connection, other(side))
    client, server = (_end(half_of(connection, s), half_of(connection, other(s))) for s in SIDES)
    local, remote = _end(half, peer), _end(peer, half)
    return {
        "network.transport": "tcp",
        "network.type": None if connection.family is None else "ipv6" if inet6 else "ipv4",
        "network.local.address": local[0],
        "network.local.port": local[1],
        "network.peer.address": remote[0],
        "network.peer.port": remote[1],
        "client.address": client[0],
        "client.port": client[1],
        "server.address": server[0],
        "server.port": server[1],
        "thread.id": None if half is None else half.tid,
        "thread.name": None if half is None else half.comm,
    }


def _end(half: Half | None, peer: Half | None) -> tuple[str | None, int | None]:
    """A side's address and port: its own, else as its peer names it."""
    if half is not None and half.address is not None:
        return half.address, half.port
    return (None, None) if peer is None else (peer.peer_address, peer.peer_port)


def _story(connection: Connection) -> dict[str, Value | None]:
    return {
        "error.type": _error_type(connection),
        "synscope.connection": connection.id,
        "synscope.outcome": connection.outcome,
        "synscope.errno": connection.errno,
        "synscope.retransmits": retransmits(connection),
        "synscope.finding": connection.findings[0].code if connection.findings else None,
    }


def _failed(connection: Connection) -> Finding | None:
    """The finding that says why the connection failed."""
    return next((finding for finding in connection.findings if finding.error_type), None)


def _error_type(connection: Connection) -> str | None:
    finding = _failed(connection)
    if finding is not None:
        return finding.error_type
    return None if connection.outcome in UNDECIDED else connection.outcome


def _error(connection: Connection) -> str | None:
    if _error_type(connection) is None:
        return None
    finding = _failed(connection)
    return finding.summary if finding is not None else (connection.errno or connection.outcome)
