"""`.pcapng`: the handshake's segments for Wireshark and tshark, from their captured header bytes.

One interface per network namespace, times in ns. A segment is a TCP packet where it was sent, and an
`arrival` with the same packet id where it was received; one that was seen only there is the TCP packet. IP
headers and data were not captured, so the file has none.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from importlib.metadata import version
from typing import TYPE_CHECKING

from synscope.export import pcapng_blocks as blocks
from synscope.export.observed import Observations, Observed
from synscope.text import clean, duration, endpoint

if TYPE_CHECKING:
    from synscope.connections.model import Connection, Half, Segment
    from synscope.events.trace import Trace
    from synscope.export.formats import Say

ONE_LINE = "the handshake's segments (Wireshark, tshark)"

_Layout = Callable[[bytes, bytes, bytes], bytes]
"""Source, target and TCP header become a packet's bytes."""

_SEQUENCE = 1 << 32
_LARGEST = 1 << 16
"""Bytes that no IP packet has."""
_FROM_SOCKET = (
    "its header as the receiver's socket got it, at the time when it did; whether data followed is not known"
)
_NO_DEVICE = "no device had it: a capture on this host does not see it"
_HEADERS_ONLY = (
    "packets begin with their TCP header: IP headers and data are not in the trace, nor in this file"
)


def write(connections: Sequence[Connection], trace: Trace, say: Say) -> Iterator[bytes]:
    """A section with its interfaces, then all packets in the order of their times."""
    capture = _Capture(trace)
    for connection in connections:
        capture.add(connection)
    about = trace.header
    yield blocks.section(
        clean(about.machine), clean(f"Linux {about.kernel}"), f"synscope {version('synscope')}"
    )
    yield from capture.interfaces()
    for _, block in sorted(capture.packets, key=lambda one: one[0]):
        yield block
    say(_HEADERS_ONLY)
    capture.say_missing(say)


class _Capture:
    """The packets of the connections added so far, each with its time.

    Attributes:
        packets: ns of the wall clock, and the block.
    """

    def __init__(self, trace: Trace) -> None:
        self.packets: list[tuple[int, bytes]] = []
        self._observations = Observations(trace)
        self._to_wall = trace.header.started_wall_ns - trace.header.started_mono_ns
        self._own = trace.header.netns
        self._interfaces: dict[int, int] = {}
        self._segments = 0
        self._unseen = 0
        self._without = 0

    def interfaces(self) -> Iterator[bytes]:
        """Their blocks, by number."""
        for netns in self._interfaces:
            name = f"netns {netns}" if netns else "netns not known"
            whose = "the tracer's network namespace" if netns and netns == self._own else "network namespace"
            yield blocks.interface(name, whose)

    def say_missing(self, say: Say) -> None:
        """What connections have that the file has not."""
        if self._unseen:
            was = "segment is" if self._unseen == 1 else "segments are"
            why = "their header bytes are not in the trace (synscope run --detail path)"
            say(f"{self._unseen:,} {was} left out, {why}")
        if self._without:
            were = "connection has" if self._without == 1 else "connections have"
            say(f"{self._without:,} {were} no packet, and what was found about them is not in this file")

    def add(self, connection: Connection) -> None:
        """Make the packets of a connection; the first of them tells of it."""
        about = list(_about(connection))
        before = len(self.packets)
        for segment in connection.segments:
            if self._segment(connection, segment, about):
                about = []
            else:
                self._unseen += 1
        self._without += len(self.packets) == before

    def _segment(self, connection: Connection, segment: Segment, about: list[str]) -> bool:
        """Make the packets of a segment; `about` goes with the first. False if there is none to make."""
        sender, receiver = connection.client, connection.server
        if segment.source == "server":
            sender, receiver = receiver, sender
        self._segments += 1
        sent = self._observations.sent(segment)
        received = self._observations.received(segment, receiver)
        if sent is not None:
            told = [*about, f"{connection.id}: sent{_for(sender)}", *_fate(segment)]
            told += [] if sent.at_device else [_NO_DEVICE]
            self._packet(connection, segment, sent, told, direction=blocks.OUTBOUND)
        if received is not None:
            told = [f"{connection.id}: received{_for(receiver)}", *_fate(segment)]
            told += [] if received.at_device else [_FROM_SOCKET]
            if sent is None:
                self._packet(connection, segment, received, about + told)
            else:
                told.append(f"{duration(received.t_ns - sent.t_ns)} after it was sent")
                self._packet(connection, segment, received, told, layout=blocks.arrival)
        return sent is not None or received is not None

    def _packet(
        self,
        connection: Connection,
        segment: Segment,
        seen: Observed,
        told: list[str],
        *,
        direction: int = blocks.INBOUND,
        layout: _Layout = blocks.tcp,
    ) -> None:
        on = self._interfaces.setdefault(seen.netns, len(self._interfaces))
        beyond = _data(connection, segment) if seen.data else 0
        if beyond:
            told = [*told, f"data followed, which the trace does not have: {beyond} bytes or more"]
        t_ns = seen.t_ns + self._to_wall
        block = blocks.packet(
            on,
            t_ns,
            layout(seen.source, seen.target, seen.header),
            beyond=beyond,
            direction=direction,
            identity=self._segments,
            comments=map(clean, told),
        )
        self.packets.append((t_ns, block))


def _fate(segment: Segment) -> list[str]:
    return [f"freed by the kernel: {segment.dropped}"] if segment.dropped else []


def _data(connection: Connection, segment: Segment) -> int:
    """How many bytes followed at least: of a SYN, as many as its SYN-ACK acknowledges (RFC 7413)."""
    acks = [one.ack for one in connection.segments if one.flags == "S." and one.source != segment.source]
    taken = [(ack - segment.seq - 1) % _SEQUENCE for ack in acks if ack is not None]
    return max([1, *(one for one in taken if one < _LARGEST)]) if segment.flags == "S" else 1


def _about(connection: Connection) -> Iterator[str]:
    """What is to be known of a connection: its outcome, its ends, its findings."""
    ends = [
        f"{side} {endpoint(half.address, half.port)}{_for(half)}"
        for side, half in (("client", connection.client), ("server", connection.server))
        if half is not None
    ]
    yield f"{connection.id}: {connection.outcome or 'outcome not known'}; {'; '.join(ends)}"
    for finding in connection.findings:
        remedy = f" Remedy: {finding.remedy}" if finding.remedy else ""
        yield f"{finding.severity} {finding.code}: {finding.summary}{remedy}"


def _for(half: Half | None) -> str:
    """The process behind a half, where it is known."""
    return "" if half is None or half.pid is None else f" for {half.comm} (pid {half.pid})"
