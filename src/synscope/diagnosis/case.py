"""One connection as the rules look at it: its own facts, its segments, and what is known of the other end."""

from functools import cached_property

from synscope.connections.rows import EventRow, HalfRow
from synscope.diagnosis.exchange import Exchange
from synscope.diagnosis.listeners import Listening, Queue
from synscope.events.decode import address_text
from synscope.events.wire import Known, PathKind
from synscope.tcp.header import ACK, SYN
from synscope.text import endpoint

_BOTH_ISNS = int(Known.ISN | Known.PEER_ISN)


class Case(Exchange):
    """What a rule may ask: all of `Attempt` and `Exchange`, and the end that the client wanted to reach."""

    @cached_property
    def peer_netns(self) -> int | None:
        """The namespace of the server's end: seen, the client's own, or where others who went there came."""
        if self.server is not None and self.server.netns:
            return self.server.netns
        if self.client is not None and self._to_itself:
            return self.client.netns
        for event, header in reversed(self.seen):
            if header.bits & (SYN | ACK) == SYN and event.kind != PathKind.SENT:
                return event.netns or None
        return self.around.server_netns(*self.target)

    @cached_property
    def end_netns(self) -> int | None:
        """The namespace that has the server's address, where that is known of more than this attempt."""
        if self.client is not None and self._to_itself:
            return self.client.netns
        return self.around.server_netns(*self.target)

    @cached_property
    def arrived(self) -> EventRow | None:
        """The SYN that reached the server's host, neither freed nor sent on; not one that a router holds."""
        last = self.stopped
        held = last is not None and self.end_netns is not None and last.netns != self.end_netns
        return None if held else last

    @property
    def _to_itself(self) -> bool:
        half = self.client
        if half is None or half.peer_address is None:
            return False
        remote = half.peer_address
        return half.address == remote or remote.startswith("127.") or remote in ("::1", "0.0.0.0")  # noqa: S104

    @cached_property
    def listeners(self) -> list[Listening]:
        """Traced listeners that the SYN was for: port, address and, where known, namespace fit."""
        if self.server is not None and self.server.listener is not None:
            cookie = self.server.listener.cookie
            return [one for one in self.around.listeners if one.cookie == cookie]
        address, port = self.target
        when = self.syn_out_ns or self.start_ns
        return [
            one
            for one in self.around.listeners
            if one.port == port and one.takes(address) and one.open_at(when) and self._fits_namespace(one)
        ]

    def _fits_namespace(self, one: Listening) -> bool:
        if self.peer_netns is not None:
            return one.netns in (None, self.peer_netns)
        return self.client is not None and one.address == self.target[0]

    @cached_property
    def target(self) -> tuple[str | None, int | None]:
        """Where the SYN went in the end: where the client wanted to, unless NAT sent it elsewhere."""
        if self.strays:
            last = self.strays[-1]
            port = int.from_bytes(last.header[2:4], "big")
            return address_text(last.daddr, last.family), port
        return (self.client.peer_address, self.client.peer_port) if self.client else (None, None)

    def queue(self, listener: Listening) -> Queue | None:
        """A listener's queues, as its children's records tell them."""
        return self.around.queues.get(listener.cookie)

    @cached_property
    def translated(self) -> HalfRow | None:
        """The other half under other addresses: the same two ISNs, where this one found no partner."""
        row = self.client_row if self.server is None else self.server_row if self.client is None else None
        if row is None or row.known & _BOTH_ISNS != _BOTH_ISNS:
            return None
        return self.around.translated(row, to_server=self.server is None)

    @property
    def destination(self) -> str:
        """`192.0.2.7:80`: where the client wanted to go, or the server's own end."""
        if self.client is not None and self.client.peer_address is not None:
            return endpoint(self.client.peer_address, self.client.peer_port)
        if self.server is not None:
            return endpoint(self.server.address, self.server.port)
        return "?"
