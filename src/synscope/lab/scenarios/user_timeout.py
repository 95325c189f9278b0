"""TCP gives up sooner than its own rules have it, because the application says so.

What is built
    Two hosts, client and server, joined by a wire that loses every SYN. The server listens on port 8080.

What happens
    The client sets TCP_USER_TIMEOUT to 1.5 s and connects. TCP sends the SYN again after a second, and gives
    up half a second later, where net.ipv4.tcp_syn_retries would have it try for minutes.

What one should see
    Two SYNs that arrive nowhere, and a retransmission timer that ends the attempt sooner than it is due.

By hand
    unshare -n
    ip link add eth0 type veth peer name eth1
    ip address add 192.0.2.1/24 dev eth0; ip link set eth0 up; ip link set eth1 up
    ip neighbour add 192.0.2.2 lladdr 02:00:00:00:00:02 dev eth0
    synscope run -- python3 -c 'import socket; c = socket.socket()
    c.setsockopt(socket.IPPROTO_TCP, socket.TCP_USER_TIMEOUT, 1500); c.connect(("192.0.2.2", 8080))'
"""

import socket

from synscope.lab.stage.stage import Stage
from synscope.lab.stage.wire import losing

NAME = "user-timeout"
FINDINGS = ("syn-lost", "user-timeout")
NEEDS = ("tun",)

LIMIT = ((socket.IPPROTO_TCP, socket.TCP_USER_TIMEOUT, 1500),)


def play(stage: Stage) -> None:
    client, server, wire = stage.wired(losing("S"))
    server.listen(8080)
    attempt = client.connect((server.address, 8080), options=LIMIT)
    given_up = client.counter("TcpExtTCPTimeouts")
    stage.witness(f"connect(): {attempt.error}", attempt.error == "ETIMEDOUT")
    stage.witness(f"the wire lost {wire.lost('S')} SYNs", wire.lost("S") == 2)
    stage.witness(f"/proc/net/netstat of the client: TCPTimeouts {given_up}", given_up > 0)
