"""Something between the ends resets the connection when the server has answered.

What is built
    Two hosts, client and server, joined by a wire that answers the server's SYN-ACK itself, with an RST in
    the client's name, and loses the SYN-ACK; so does a firewall that has no state of the connection. The
    server listens on port 8080.

What happens
    The client connects; each of its SYNs makes a request, and the RST ends it.

What one should see
    A request that takes an RST before it is established.

By hand
    unshare -n
    ip link set lo up
    nft 'add table inet t; add chain inet t input { type filter hook input priority 0; }'
    nft 'add rule inet t input tcp sport 8080 counter reject with tcp reset'
    python3 -m http.server 8080 --bind 127.0.0.1 &
    synscope run -- curl -m 0.5 http://127.0.0.1:8080/
"""

from collections.abc import Iterable

from synscope.lab.stage.packets import Packet
from synscope.lab.stage.stage import Stage

NAME = "reset-during-handshake"
FINDINGS = ("reset-during-handshake",)
IN_RECORD = None  # a request that takes an RST tells no hook of it: the RST is seen at devices
NEEDS = ("tun",)


def resetting(packet: Packet) -> Iterable[Packet]:
    """An RST back for a SYN-ACK, with the number that it acknowledges; all else passes."""
    if packet.flags != "SA":
        return (packet,)
    return (packet.answer("R", packet.numbers[1], 0),)


def play(stage: Stage) -> None:
    client, server, wire = stage.wired(resetting)
    client.give_up_after(retries=1)
    server.listen(8080)
    attempt = client.connect((server.address, 8080))
    made = server.counter("TcpPassiveOpens")
    answers = len(wire.seen("SA"))
    stage.witness(f"connect(): {attempt.error}", attempt.error == "ETIMEDOUT")
    stage.witness(f"the wire turned {answers} SYN-ACKs into RSTs", answers == 2)
    stage.witness(f"/proc/net/snmp of the server: Tcp PassiveOpens {made}", made == 0)
