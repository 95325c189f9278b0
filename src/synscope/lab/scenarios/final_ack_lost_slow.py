"""The final ACK is lost after a SYN-ACK that was slow.

What is built
    Two hosts, client and server, joined by a wire on which the first SYN-ACK takes 400 ms, and which loses
    the first ACK. The server listens on port 8080 and accepts.

What happens
    The client is ESTABLISHED 400 ms late, and its ACK is lost. 600 ms later the server's SYN-ACK timer runs,
    the client answers the repeated SYN-ACK with another ACK, and accept() has a connection.

What one should see
    A SYN-ACK that is sent again, and a second ACK; the first one came nowhere.

By hand
    unshare -n
    ip link add eth0 type veth peer name eth1 netns SERVER
    nsenter -t SERVER -n tc qdisc add dev eth1 root netem delay 400ms
    nft 'add table netdev t; add chain netdev t e { type filter hook egress device eth0 priority 0; }'
    nft 'add rule netdev t e tcp flags == ack limit rate 1/minute burst 1 packets counter drop'
    synscope run -- nc 192.0.2.2 8080
"""

from collections.abc import Iterable

from synscope.lab.stage.packets import Packet
from synscope.lab.stage.stage import Stage
from synscope.lab.stage.wire import losing

NAME = "final-ack-lost-slow"
FINDINGS = ("final-ack-lost",)
NEEDS = ("tun",)

DELAY_S = 0.4


class Slow:
    """The first ACK is lost, and what comes before it from the server is late."""

    def __init__(self) -> None:
        self._lose = losing("A", 1)
        self._lost = False

    def __call__(self, packet: Packet) -> Iterable[Packet]:
        leaving = tuple(self._lose(packet))
        self._lost = self._lost or not leaving
        late = packet.flags == "SA" and not self._lost
        return tuple(one._replace(after=DELAY_S) for one in leaving) if late else leaving


def play(stage: Stage) -> None:
    client, server, wire = stage.wired(Slow())
    listener = server.listen(8080)
    attempt = client.connect((server.address, 8080))
    peer = listener.accept()
    resent = server.counter("TcpRetransSegs")
    stage.witness(f"accept() gave the server port {peer[1]}", peer == attempt.local)
    stage.witness(f"the wire lost {wire.lost('A')} ACK", wire.lost("A") == 1)
    stage.witness(f"/proc/net/snmp of the server: Tcp RetransSegs {resent}", resent == 1)
