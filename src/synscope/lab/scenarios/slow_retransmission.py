"""The first SYN is lost on its way, and the second one makes the connection.

What is built
    Two hosts, client and server, joined by a wire that loses the first SYN. The server listens on port 8080.

What happens
    The client connects; after a second its TCP sends the SYN again, and is answered.

What one should see
    Two SYNs that leave the client, one that arrives; connect() takes a little more than a second.

By hand
    unshare -n
    ip link set lo up
    nft 'add table inet t; add chain inet t output { type filter hook output priority 0; }'
    nft 'add rule inet t output tcp flags & (syn | ack) == syn limit rate 1/hour burst 1 packets counter drop'
    python3 -m http.server 8080 --bind 127.0.0.1 &
    synscope run -- curl -s http://127.0.0.1:8080/
"""

from synscope.lab.stage.stage import Stage
from synscope.lab.stage.wire import losing

NAME = "slow-retransmission"
FINDINGS = ("slow-retransmission",)
NEEDS = ("tun",)


def play(stage: Stage) -> None:
    client, server, wire = stage.wired(losing("S", 1))
    listener = server.listen(8080)
    attempt = client.connect((server.address, 8080))
    listener.accept()
    again = client.counter("TcpRetransSegs")
    stage.witness(f"connect(): {attempt.error or 'connected'}", attempt.error is None)
    stage.witness(f"the wire lost {wire.lost('S')} SYN of {len(wire.seen('S'))}", wire.lost("S") == 1)
    stage.witness(f"/proc/net/snmp of the client: Tcp RetransSegs {again}", again == 1)
