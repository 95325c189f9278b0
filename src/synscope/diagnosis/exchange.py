"""An attempt's segments, as devices and drops showed them (path), or as its sockets remember (record)."""

from functools import cached_property

from synscope.connections.model import Segment, SideName
from synscope.connections.rows import EventRow
from synscope.diagnosis.attempt import Attempt
from synscope.diagnosis.drops import Drop
from synscope.diagnosis.nft_match import packet_of
from synscope.events.wire import PathKind
from synscope.tcp.header import ACK, RST, SYN, TcpHeader, parse_header

_REPEATED_SYNACK = "TCP_INVALID_SYN"
"""Why an ESTABLISHED socket frees a SYN: a SYN-ACK that came again, and that it answers with another ACK."""


class Exchange(Attempt):
    """What was seen of the attempt's segments: where they went, and which were freed."""

    @cached_property
    def seen(self) -> list[tuple[EventRow, TcpHeader]]:
        """SENT, RECEIVED and DROPPED events of its two sockets with their headers, in order of time."""
        cookies = {half.cookie for half in (self.client, self.server) if half is not None and half.cookie}
        events = [event for cookie in cookies for event in self.around.segments(cookie)]
        events += self.strays
        parsed = ((event, parse_header(event.header[: event.header_len])) for event in events)
        own = [(event, header) for event, header in parsed if header is not None and self._is_own(header)]
        return sorted(own, key=lambda pair: pair[0].t)

    @cached_property
    def strays(self) -> list[EventRow]:
        """Its SYN under other addresses or ports (NAT): the same number, and one port or address left.

        Only where no server half tells more of it.
        """
        row = self.client_row
        isn = self.isns[0]
        if row is None or isn is None or self.server is not None or self.established:
            return []
        found = self.around.strays(isn, self.syn_out_ns or self.start_ns, self.last_ns)
        port = row.lport.to_bytes(2, "big")
        return [event for event in found if event.header[:2] == port or event.saddr == row.local]

    def _is_own(self, header: TcpHeader) -> bool:
        """Another attempt of the same socket, or a later segment, has other numbers."""
        client, server = self.isns
        if header.bits & RST or client is None:
            return True
        if header.bits & SYN and not header.bits & ACK:
            return header.seq == client
        return server is None or header.seq == server or header.ack == (server + 1) % 2**32

    @cached_property
    def isns(self) -> tuple[int | None, int | None]:
        """The client's and the server's, as either socket has them."""
        client = self.client.isn if self.client else None
        server = self.server.isn if self.server else None
        return client, server

    def sender(self, header: TcpHeader) -> SideName:
        """Who sent a segment of this connection: a SYN by its number, any other by its source port."""
        if header.bits & (SYN | ACK) == SYN and header.seq == self.isns[0]:
            return "client"
        half = self.client or self.server
        own = half.port if half else None
        is_own = header.source_port == own
        if self.client is not None:
            if self.client.port == self.client.peer_port:
                return "server" if header.bits & ACK and header.bits & (SYN | RST) else "client"
            return "client" if is_own else "server"
        return "server" if is_own else "client"

    @cached_property
    def drops(self) -> list[Drop]:
        """Its freed segments, as events; in record detail the one that its sockets remember."""
        if not self.record:
            return [self.drop_of(e, h) for e, h in self.seen if e.kind == PathKind.DROPPED]
        return self._remembered

    @cached_property
    def _remembered(self) -> list[Drop]:
        """The last drop in a half's record. Which segment it was follows from whose halves remember it.

        Before its request there is no server half; the client's record has left when it is ESTABLISHED. So a
        SYN is remembered by the client alone, the final ACK by the server alone, the SYN-ACK by both.
        """
        client, server = (half if half and half.drop_reason else None for half in (self.client, self.server))
        half = client or server
        if half is None or half.drop_reason is None or half.drop_reason == _REPEATED_SYNACK:
            return []
        flags = "S." if client and server else "S" if client else "."
        source: SideName = "server" if flags == "S." else "client"
        return [Drop(None, flags, source, half.drop_reason, half.drop_location)]

    def drop_of(self, event: EventRow, header: TcpHeader) -> Drop:
        """A DROPPED event as a drop."""
        reason, function = self.around.reason(event)
        source = self.sender(header)
        path = self.around.path(event.stack)
        packet = packet_of(event, header, from_client=source == "client")
        return Drop(event.t, header.flags, source, reason, function, event.netns or None, path, packet)

    @cached_property
    def syn_drops(self) -> list[Drop]:
        """Freed SYNs, but those that a request had taken."""
        return [d for d in self.drops if d.flags == "S" and d.source == "client" and not d.of_request]

    @cached_property
    def neighbour_drops(self) -> list[Drop]:
        """SYNs that the client's own host freed for want of a neighbour; in record detail, or a router."""
        own = None, self.client.netns if self.client else None
        return [drop for drop in self.syn_drops if drop.for_neighbour and drop.netns in own]

    @cached_property
    def synack_drops(self) -> list[Drop]:
        """Freed SYN-ACKs, but those that came after the client needed one: connected, or closed."""
        done = self.moment("established", "client") or self.moment("closed", "client")
        answers = (d for d in self.drops if d.flags == "S." and d.source == "server")
        return [d for d in answers if done is None or (d.t_ns or 0) < done]

    @cached_property
    def ack_drops(self) -> list[Drop]:
        """Freed final ACKs, but those that came after the server needed one."""
        done = self.moment("established", "server")
        acks = (d for d in self.drops if d.flags == "." and d.source == "client")
        return [d for d in acks if done is None or (d.t_ns or 0) < done]

    def captured(self, flags: str, source: SideName) -> list[Segment]:
        """The captured segments of a kind, in order."""
        return [
            s for s in self.connection.segments if s.flags == flags and s.source == source and not s.inferred
        ]

    @cached_property
    def stopped(self) -> EventRow | None:
        """The last SYN that a device received, neither freed nor sent on."""
        last: EventRow | None = None
        for event, header in self.seen:
            if header.bits & (SYN | ACK | RST) != SYN or self.sender(header) != "client":
                continue
            if event.kind == PathKind.DROPPED and self.drop_of(event, header).of_request:
                continue
            last = event if event.kind == PathKind.RECEIVED else None
        return last
