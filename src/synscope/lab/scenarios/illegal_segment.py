"""A forged SYN-ACK that acknowledges what the client never sent comes before the true one.

What is built
    Two hosts, client and server, joined by a wire on which somebody forges: before each SYN-ACK it sends
    another, whose acknowledgement is 100,000 too high. The server listens on port 8080.

What happens
    The client connects. It answers the forged SYN-ACK with an RST (RFC 9293, 3.10.7.3), which the wire
    loses, and stays in SYN_SENT; the true one then makes the connection.

What one should see
    Two SYN-ACKs at the client, of which the server sent one; a connection that is established all the same.

By hand
    Two hosts with a program between them are needed: see src/synscope/lab/stage/wire.py.
"""

import struct
from collections.abc import Iterable

from synscope.lab.stage.packets import Packet
from synscope.lab.stage.stage import Stage

NAME = "illegal-segment"
FINDINGS = ("illegal-segment",)
IN_RECORD = ()
NEEDS = ("tun",)

TOO_HIGH = 100_000


def play(stage: Stage) -> None:
    client, server, wire = stage.wired(forging)
    listener = server.listen(8080)
    attempt = client.connect((server.address, 8080))
    listener.accept()
    resets = client.counter("TcpOutRsts")
    stage.witness(f"connect(): {attempt.error or 'connected'}", attempt.error is None)
    stage.witness(f"/proc/net/snmp of the client: Tcp OutRsts {resets}", resets == 1)
    stage.witness(f"the wire lost {wire.lost('R')} RST of the client", wire.lost("R") == 1)


def forging(packet: Packet) -> Iterable[Packet]:
    """A wire's handler: a wrong SYN-ACK before each, and no RST."""
    if packet.flags == "R":
        return ()
    return (forged(packet), packet) if packet.flags == "SA" else (packet,)


def forged(packet: Packet) -> Packet:
    """The same segment with another acknowledgement."""
    segment = bytearray(packet.data[packet.tcp :])
    struct.pack_into("!I", segment, 8, packet.numbers[1] + TOO_HIGH & 0xFFFFFFFF)
    return packet.with_tcp(bytes(segment))
