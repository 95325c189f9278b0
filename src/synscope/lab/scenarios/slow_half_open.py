"""A client connects from a port that the server still has a connection of: a half-open connection.

What is built
    Two hosts, client and server, joined by a veth link. The server listens on port 8080, and a rule of
    nftables in the client's output chain drops its RSTs at first.

What happens
    The client connects from port 40000 and resets the connection; the server never hears of it, as after a
    crash. The client connects from the same port again. The server's old connection answers the SYN with an
    ACK of its own numbers, the client answers that with an RST, which ends it, and the SYN that it sends
    again at once (TCP_TIMEOUT_MIN) finds the listener (RFC 9293 section 3.5.1).

What one should see
    An ACK and an RST between two SYNs, none of them called illegal, and the old connection as the reason.

By hand
    unshare -n
    ip link set lo up
    nft 'add table inet t; add chain inet t o { type filter hook output priority 0; }'
    nft 'add rule inet t o tcp dport 8080 tcp flags rst counter drop'
    python3 -m http.server 8080 --bind 127.0.0.1 &
    nc -d -p 40000 127.0.0.1 8080 & sleep 1; ss -K sport = 40000; nft flush ruleset
    synscope run -- nc -N -p 40000 127.0.0.1 8080 </dev/null
"""

import socket
import struct

from synscope.lab.stage.stage import Stage

NAME = "slow-half-open"
FINDINGS = ("slow-retransmission",)
NEEDS = ("nft",)

PORT = 40000
REUSE = (socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
RESETS = (socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))


def play(stage: Stage) -> None:
    client, server = stage.pair()
    listener = server.listen(8080)
    lost = client.rule("output", "tcp flags & rst == rst COUNTER drop")
    to, source = (server.address, 8080), (client.address, PORT)
    first = client.connect(to, source=source, options=(REUSE, RESETS))
    listener.accept()
    first.close()
    stage.until(lambda: lost.packets == 1, "the RST was dropped")
    client.nft("flush ruleset")
    second = client.connect(to, source=source, options=(REUSE,))
    listener.accept()
    challenges = server.counter("TcpExtTCPChallengeACK") + server.counter("TcpExtTCPACKSkippedChallenge")
    resets = server.counter("TcpEstabResets")
    stage.witness(f"connect() of the second: {second.error or 'connected'}", second.error is None)
    stage.witness(f"nstat of the server: TcpExtTCPChallengeACK {challenges}", challenges == 1)
    stage.witness(f"nstat of the server: TcpEstabResets {resets}", resets == 1)
