"""`.perfetto-trace`: a timeline for ui.perfetto.dev and trace_processor.

A track per process, its threads' calls, its connections with their phases, and the softirqs of each CPU.
Segments are arrows between the halves. Times are those of the trace, CLOCK_MONOTONIC.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import count
from typing import TYPE_CHECKING

from synscope.connections.model import Half
from synscope.export import perfetto_packets as packets
from synscope.export.perfetto_calls import Calls
from synscope.export.perfetto_tracks import Places, Tracks
from synscope.text import clean, endpoint

if TYPE_CHECKING:
    from synscope.connections.model import Connection, Segment, SideName
    from synscope.events.trace import Trace
    from synscope.export.formats import Say

ONE_LINE = "a timeline (ui.perfetto.dev, trace_processor)"

_SIDES: tuple[SideName, SideName] = ("client", "server")
_OF_LISTENER = frozenset({"socket", "bind", "listen"})
"""Milestones of a server half that its listening socket passed."""


def write(connections: Sequence[Connection], trace: Trace, say: Say) -> Iterator[bytes]:
    """The packets, a connection at a time; nothing asks for them in the order of their times."""
    tracks = Tracks(trace)
    calls = Calls(tracks, Places(trace))
    halves = _Halves(tracks)
    yield packets.clocks(trace.header.started_mono_ns, trace.header.started_wall_ns)
    for connection in connections:
        drawn = b"".join((*halves.draw(connection), *calls.draw(connection)))
        yield b"".join(tracks.made)
        tracks.made.clear()
        yield drawn
    if calls.untimed:
        say(
            f"{calls.untimed:,} calls have no times of their own, and no slices: what was seen to happen in "
            "them is drawn at its time, with the functions above it"
        )


class _Halves:
    """Draws both sides of one connection after another, and the segments between them."""

    def __init__(self, tracks: Tracks) -> None:
        self._tracks = tracks
        self._flows = count(1)
        self._listening: set[tuple[object, ...]] = set()

    def draw(self, connection: Connection) -> Iterator[bytes]:
        """The packets of a connection's halves."""
        flows = {one.n: next(self._flows) for one in connection.segments if one.sent_ns and one.received_ns}
        for side in _SIDES:
            half = connection.client if side == "client" else connection.server
            yield from self._listener(connection, side, half or Half())
            yield from self._half(connection, side, half or Half(), flows)

    def _half(
        self, connection: Connection, side: SideName, half: Half, flows: dict[int, int]
    ) -> Iterator[bytes]:
        """A slice from its first to its last moment; in it the phases, and what happened."""
        moments = list(_moments(connection, side))
        phases = [one for one in connection.phases if one.side == side]
        times = [t_ns for t_ns, *_ in moments]
        times += [t_ns for one in phases for t_ns in (one.start_ns, one.start_ns + one.duration_ns)]
        if not times:
            return
        begin, end = min(times), max(times)
        track = self._tracks.connection(half.pid, side, begin, end)
        name = f"{connection.id} {connection.outcome or 'outcome not known'}"
        yield packets.begin(track, begin, name, "connection", _about(connection, half))
        for one in phases:
            yield packets.begin(track, one.start_ns, one.name, "phase", {})
            yield packets.end(track, one.start_ns + one.duration_ns)
        for t_ns, name, category, more, n in moments:
            yield packets.instant(track, t_ns, name, category, more, flow=flows.get(n))
        if side == "client" or connection.client is None:
            yield from _findings(connection, track, end)
        yield packets.end(track, end)

    def _listener(self, connection: Connection, side: SideName, half: Half) -> Iterator[bytes]:
        """What its listening socket went through, once for all that it accepted."""
        for one in connection.milestones:
            what = (half.pid, one.name, one.t_ns)
            if one.side == side == "server" and one.name in _OF_LISTENER and what not in self._listening:
                self._listening.add(what)
                track = self._tracks.listening(half.pid)
                yield packets.instant(track, one.t_ns, one.name, "milestone", {})


def _findings(connection: Connection, track: int, t_ns: int) -> Iterator[bytes]:
    for one in connection.findings:
        told = {"summary": one.summary, "severity": one.severity, "remedy": one.remedy}
        yield packets.instant(track, t_ns, clean(one.code), "finding", _cleaned(told))


_Moment = tuple[int, str, str, dict[str, str], int]
"""Time, name, category, annotations; the number of the segment, or 0."""


def _moments(connection: Connection, side: SideName) -> Iterator[_Moment]:
    """What happened on a side, but for its listening socket."""
    for milestone in connection.milestones:
        if milestone.side == side and (side == "client" or milestone.name not in _OF_LISTENER):
            yield milestone.t_ns, milestone.name, "milestone", {}, 0
    for change in connection.transitions:
        if change.side == side and change.target != "LISTEN":
            by = {"by": clean(change.by)} if change.by else {}
            yield change.t_ns, f"{change.source} → {change.target}", "state", by, 0
    for segment in connection.segments:
        verb, t_ns = (
            ("sends", segment.sent_ns) if segment.source == side else ("receives", segment.received_ns)
        )
        if t_ns is not None:
            yield t_ns, f"{verb} {segment.flags}", "segment", _header(segment), segment.n


def _header(segment: Segment) -> dict[str, str]:
    known = {
        "seq": segment.seq,
        "ack": segment.ack,
        "window": segment.window,
        "options": segment.options,
        "dropped": segment.dropped,
    }
    told = {name: str(value) for name, value in known.items() if value is not None}
    if segment.retransmission:
        told["retransmission"] = "the same had been sent before"
    if segment.inferred:
        told["inferred"] = "from the sockets: it was not captured"
    return _cleaned(told)


def _about(connection: Connection, half: Half) -> dict[str, str]:
    known = {
        "end": endpoint(half.address, half.port),
        "peer": endpoint(half.peer_address, half.peer_port),
        "errno": connection.errno,
        "cookie": half.cookie,
        "isn": half.isn,
        "netns": half.netns,
        "findings": ", ".join(one.code for one in connection.findings) or None,
    }
    return _cleaned({name: str(value) for name, value in known.items() if value is not None})


def _cleaned(told: dict[str, str]) -> dict[str, str]:
    return {name: clean(value) for name, value in told.items()}
