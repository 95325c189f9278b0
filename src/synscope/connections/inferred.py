"""Segments that nobody captured but the two sockets prove (record detail).

A socket knows the ISN that it sent and the one that it received, when, and its record has the header of
the segment that made it ESTABLISHED. What follows from these is given, the rest is None.
"""

import msgspec

from synscope.connections.half import isn_of, moment, peer_isn_of
from synscope.connections.model import Segment, SideName
from synscope.connections.rows import HalfRow
from synscope.events.wire import HalfFlag
from synscope.tcp.header import ACK, RST, SYN, TcpHeader, parse_header

_SEQUENCE = 2**32
_TFO = int(HalfFlag.TFO)


def inferred_segments(client: HalfRow | None, server: HalfRow | None) -> list[Segment]:
    """SYN, SYN-ACK and final ACK, as far as the rows of the halves prove each; numbered from 1."""
    client_isn, server_isn = isns_of(client, server)
    found = (
        _syn(client, server, client_isn),
        _synack(client, server, client_isn, server_isn),
        _final_ack(client, server, client_isn, server_isn),
    )
    return [msgspec.structs.replace(segment, n=n) for n, segment in enumerate(filter(None, found), 1)]


def isns_of(client: HalfRow | None, server: HalfRow | None) -> tuple[int | None, int | None]:
    """The client's ISN and the server's, each as its own socket knows it, else as the peer's does."""
    mine = None if client is None else isn_of(client)
    yours = None if server is None else isn_of(server)
    if mine is None and server is not None:
        mine = peer_isn_of(server)
    if yours is None and client is not None:
        yours = peer_isn_of(client)
    return mine, yours


def _syn(client: HalfRow | None, server: HalfRow | None, isn: int | None) -> Segment | None:
    sent = _when(client, "syn_out")
    proven = sent is not None or (server is not None and peer_isn_of(server) is not None)
    if isn is None or not proven:
        return None
    received = _when(server, "syn_in")
    return Segment(
        n=0, source="client", flags="S", seq=isn, sent_ns=sent, received_ns=received, inferred=True
    )


def _synack(
    client: HalfRow | None, server: HalfRow | None, client_isn: int | None, server_isn: int | None
) -> Segment | None:
    """The client's header bytes are the SYN-ACK's; else a server that sent it proves seq and ack."""
    sent, received = _when(server, "synack_out"), _when(client, "synack_in")
    if server_isn is None or (sent is None and received is None):
        return None
    header = _header(client, SYN | ACK)
    if header is not None and header.seq == server_isn:
        return _from_header("server", header, sent, received)
    # With data in the SYN (RFC 7413) more than the SYN is acknowledged: how much, is not known here.
    ack = None if client_isn is None or _with_data(client, server) else (client_isn + 1) % _SEQUENCE
    return Segment(
        n=0,
        source="server",
        flags="S.",
        seq=server_isn,
        ack=ack,
        sent_ns=sent,
        received_ns=received,
        inferred=True,
    )


def _final_ack(
    client: HalfRow | None, server: HalfRow | None, client_isn: int | None, server_isn: int | None
) -> Segment | None:
    """The server's header bytes are the final ACK's; without them a client that was seen to send it."""
    sent, received = _when(client, "ack_out"), _when(server, "ack_in")
    header = _header(server, ACK)
    if header is not None:
        return _from_header("client", header, sent, received)
    if sent is None or client_isn is None or server_isn is None or _with_data(client, server):
        return None
    seq, ack = (client_isn + 1) % _SEQUENCE, (server_isn + 1) % _SEQUENCE
    return Segment(
        n=0, source="client", flags=".", seq=seq, ack=ack, sent_ns=sent, received_ns=received, inferred=True
    )


def _from_header(source: SideName, header: TcpHeader, sent: int | None, received: int | None) -> Segment:
    return Segment(
        n=0,
        source=source,
        flags=header.flags,
        seq=header.seq,
        ack=header.ack,
        window=header.window,
        options=header.options,
        sent_ns=sent,
        received_ns=received,
        inferred=True,
    )


def _header(row: HalfRow | None, bits: int) -> TcpHeader | None:
    """The header that the row holds, if it has these of SYN and ACK set and no RST."""
    if row is None:
        return None
    header = parse_header(row.header[: row.header_len])
    return header if header is not None and header.bits & (SYN | ACK | RST) == bits else None


def _when(row: HalfRow | None, name: str) -> int | None:
    return None if row is None else moment(row, name)


def _with_data(*rows: HalfRow | None) -> bool:
    """Whether the SYN carried data."""
    return any(row is not None and row.flags & _TFO for row in rows)
