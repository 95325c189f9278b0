"""The server does not call accept(), and its accept queue is full when a SYN comes.

What is built
    Two hosts, client and server, joined by a veth link. The server listens on port 8080 with a backlog of 1
    and never accepts.

What happens
    Two clients connect: as many as the queue takes (the backlog and one more). The third one's SYN is
    ignored; it sends it again after a second, and gives up.

What one should see
    A SYN that arrives at the listener, which makes no request of it; two connections that wait for accept().

By hand
    unshare -n
    ip link set lo up
    python3 -c 'import socket, time; s = socket.create_server(("", 8080), backlog=1); time.sleep(60)' &
    curl -s http://127.0.0.1:8080/ & curl -s http://127.0.0.1:8080/ &
    synscope run -- curl -m 2 http://127.0.0.1:8080/
    nstat -az TcpExtListenOverflows
"""

from synscope.lab.stage.stage import Stage

NAME = "accept-queue-overflow"
FINDINGS = ("accept-queue-overflow",)


def play(stage: Stage) -> None:
    client, server = stage.pair()
    server.listen(8080, backlog=1, accepts=False)
    to = (server.address, 8080)
    waiting = [client.connect(to) for _ in range(2)]
    attempt = client.connect(to, timeout=1.5)
    overflows = server.counter("TcpExtListenOverflows")
    errors = [one.error for one in waiting]
    stage.witness(f"connect() of the first two: {errors}", errors == [None, None])
    stage.witness(f"connect() of the third: {attempt.error}", attempt.error == "timeout")
    stage.witness(f"/proc/net/netstat of the server: ListenOverflows {overflows}", overflows == 2)
