"""The server's SYN queue is full, and it answers with SYN cookies: it keeps nothing until the final ACK.

What is built
    Two hosts, client and server, joined by a wire that loses the first three SYN-ACKs. The server
    listens on port 8080 with a backlog of 2; net.ipv4.tcp_syncookies is 1.

What happens
    Three clients stay without an answer, and the server keeps their requests: its SYN queue is full. The
    fourth client's SYN is answered with a cookie; its ACK brings the connection back from the cookie alone.

What one should see
    A SYN-ACK whose sequence number encodes the request, a child without a request, and a connection that
    works.

By hand
    unshare -n
    ip link set lo up
    sysctl -w net.ipv4.tcp_syncookies=2
    synscope run -- sh -c 'python3 -m http.server 8080 & sleep 1; curl -s http://127.0.0.1:8080/; kill $!'
    nstat -az TcpExtSyncookiesSent TcpExtSyncookiesRecv
"""

from synscope.lab.stage.stage import Stage
from synscope.lab.stage.wire import losing

NAME = "syn-cookies"
FINDINGS = ("syn-cookies",)
NEEDS = ("tun",)

BACKLOG = 2
PENDING = BACKLOG + 1
"""Requests that a listener keeps, or one fewer on kernels before 6.10."""


def play(stage: Stage) -> None:
    client, server, wire = stage.wired(losing("SA", PENDING))
    server.sysctl("net.ipv4.tcp_syncookies", 1)
    listener = server.listen(8080, backlog=BACKLOG)
    to = (server.address, 8080)
    for _ in range(PENDING):
        client.connect(to, wait=False)
    stage.until(lambda: wire.lost("SA") == PENDING, "SYN-ACKs that get lost")
    attempt = client.connect(to)
    peer = listener.accept()
    stage.about(attempt)
    sent, received = (server.counter(f"TcpExtSyncookies{what}") for what in ("Sent", "Recv"))
    stage.witness(f"connect() of the fourth: {attempt.error or 'connected'}", attempt.error is None)
    stage.witness(f"accept() gave the server port {peer[1]}", peer == attempt.local)
    stage.witness(f"/proc/net/netstat of the server: SyncookiesSent {sent}", sent >= 1)
    stage.witness(f"/proc/net/netstat of the server: SyncookiesRecv {received}", received == 1)
