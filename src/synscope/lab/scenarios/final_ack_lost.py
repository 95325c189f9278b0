"""The client's final ACK is lost in the network between two hosts.

What is built
    Two hosts, client and server, joined by a wire that loses the first ACK. The server listens on port 8080
    and accepts; the client waits for it to speak first.

What happens
    The client's connect() returns at once. The server still has only a request: a second later it sends its
    SYN-ACK again, the client answers with another ACK, and only now accept() has a connection.

What one should see
    A client that is ESTABLISHED a second before the server, an ACK that left and arrived nowhere, a SYN-ACK
    that is sent again.

By hand
    unshare -n
    ip link add eth0 type veth peer name eth1 netns SERVER
    nft 'add table netdev t; add chain netdev t e { type filter hook egress device eth0 priority 0; }'
    nft 'add rule netdev t e tcp flags == ack limit rate over 1/minute burst 1 packets accept'
    nft 'add rule netdev t e tcp flags == ack counter drop'
    synscope run -- nc 192.0.2.2 8080
"""

from synscope.lab.stage.stage import Stage
from synscope.lab.stage.wire import losing

NAME = "final-ack-lost"
FINDINGS = ("final-ack-lost",)
NEEDS = ("tun",)


def play(stage: Stage) -> None:
    client, server, wire = stage.wired(losing("A", 1))
    listener = server.listen(8080)
    attempt = client.connect((server.address, 8080))
    peer = listener.accept()
    resent = server.counter("TcpRetransSegs")
    stage.witness(f"connect(): {attempt.error or 'connected'}", attempt.error is None)
    stage.witness(f"accept() gave the server port {peer[1]}", peer == attempt.local)
    stage.witness(f"the wire lost {wire.lost('A')} ACK", wire.lost("A") == 1)
    stage.witness(f"/proc/net/snmp of the server: Tcp RetransSegs {resent}", resent == 1)
