"""Strangers that never answer fill the server's SYN queue, and SYN cookies are off.

What is built
    Two hosts, client and server, joined by a wire that loses every SYN-ACK. The server listens on port 8080
    with a backlog of 4; net.ipv4.tcp_syncookies is 0.

What happens
    SYNs come from six addresses that are nobody's, as in a SYN flood: the server keeps a request for as many
    as its backlog (or one more). The client's SYN is ignored; it sends it again after a second,
    and gives up.

What one should see
    A SYN that arrives at the listener, which makes no request of it; requests that wait for their ACK, as
    many as the backlog, and nothing that waits for accept().

By hand
    unshare -n
    ip link set lo up
    sysctl -w net.ipv4.tcp_syncookies=0
    nft 'add table inet t; add chain inet t input { type filter hook input priority 0; }'
    nft 'add rule inet t input tcp sport 8080 tcp dport 40000-40005 drop'
    python3 -c 'import socket, time; s = socket.create_server(("", 8080), backlog=4); time.sleep(60)' &
    for p in 0 1 2 3 4 5; do nc -p 4000$p 127.0.0.1 8080 & done
    synscope run -- nc -w 2 127.0.0.1 8080
    nstat -az TcpExtTCPReqQFullDrop
"""

from synscope.lab.stage.stage import Stage
from synscope.lab.stage.strangers import send_syns
from synscope.lab.stage.wire import losing

NAME = "syn-queue-full"
FINDINGS = ("syn-queue-full",)
NEEDS = ("tun", "ss")

BACKLOG = 4
STRANGERS = tuple(f"192.0.2.{number}" for number in range(100, 106))


def play(stage: Stage) -> None:
    client, server, wire = stage.wired(losing("SA"))
    server.sysctl("net.ipv4.tcp_syncookies", 0)
    server.listen(8080, backlog=BACKLOG)
    to = (server.address, 8080)
    client.run(send_syns, STRANGERS, to)
    stage.until(lambda: wire.lost("SA") >= BACKLOG, "SYN-ACKs to strangers")
    attempt = client.connect(to, timeout=1.5)
    requests = len(server.ss("-tan", "state", "syn-recv", "sport = 8080"))
    full = server.counter("TcpExtTCPReqQFullDrop")
    stage.witness(f"connect(): {attempt.error}", attempt.error == "timeout")
    stage.witness(f"ss on the server: {requests} sockets in SYN-RECV", BACKLOG <= requests < len(STRANGERS))
    stage.witness(f"/proc/net/netstat of the server: TCPReqQFullDrop {full}", full > 2)
