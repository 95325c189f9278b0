"""What a segment must have to be one of a connection's: ends, time, place and sequence numbers."""

import msgspec

from synscope.connections.model import SideName
from synscope.tcp.header import ACK, RST, SYN, TcpHeader

FOREVER = 2**64 - 1

_SEQUENCE = 2**32
_NEAR = 2**30  # the greatest window (RFC 7323 section 2.3): an RST must be within it
_TFO_DATA = 2**16


class Flow(msgspec.Struct, frozen=True, kw_only=True):
    """What identifies a connection's segments: ends (hashes of `tuples.Ends`), ISNs, time.

    `start_ns` ≤ t < `end_ns`; netns None where that half was not seen; `tfo`: the SYN carried data.
    """

    forward: int
    backward: int
    client_isn: int | None = None
    server_isn: int | None = None
    client_netns: int | None = None
    server_netns: int | None = None
    start_ns: int = 0
    end_ns: int = FOREVER
    tfo: bool = False

    def isns(self, source: SideName) -> tuple[int | None, int | None]:
        """The sender's ISN and its peer's."""
        ours = (self.client_isn, self.server_isn)
        return ours if source == "client" else (ours[1], ours[0])

    def netns(self, source: SideName) -> tuple[int | None, int | None]:
        """The sender's network namespace and its peer's."""
        ours = (self.client_netns, self.server_netns)
        return ours if source == "client" else (ours[1], ours[0])

    def owns(self, header: TcpHeader, source: SideName) -> bool:
        """Whether the segment's sequence numbers are of this connection's handshake, or an RST's of it."""
        isn, peer_isn = self.isns(source)
        acked = bool(header.bits & ACK) and _is_next(header.ack, peer_isn)
        if header.bits & RST:
            near_ack = bool(header.bits & ACK) and _is_near(header.ack, peer_isn)
            return near_ack or _is_near(header.seq, isn)
        if header.bits & SYN:
            return header.seq == isn or acked
        if not acked or isn is None:
            return False
        ahead = (header.seq - isn - 1) % _SEQUENCE
        return ahead == 0 or (self.tfo and source == "client" and ahead < _TFO_DATA)


def _is_next(number: int, isn: int | None) -> bool:
    return isn is not None and number == (isn + 1) % _SEQUENCE


def _is_near(number: int, isn: int | None) -> bool:
    return isn is not None and (number - isn) % _SEQUENCE < _NEAR
