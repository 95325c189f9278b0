"""The accept queue had room when the SYN came, and none when the final ACK did.

What is built
    Two hosts, client and server, joined by a wire on which each packet takes 100 ms. The server listens on
    port 8080 with a backlog of 2, and never accepts.

What happens
    Two clients connect and wait in the accept queue, which has room for one more. Two more clients connect at
    once: both get their SYN-ACK, and both ACKs arrive. One takes the place, the other is ignored: that client
    believes in a connection which the server has not made.

What one should see
    An ACK that tcp_v4_rcv frees with the reason TCP_LISTEN_OVERFLOW; a client in ESTABLISHED, and a server
    that sends its SYN-ACK again.

By hand
    unshare -n
    ip link set lo up
    python3 -c 'import socket, time; s = socket.create_server(("", 8080), backlog=2); time.sleep(60)' &
    curl -s http://127.0.0.1:8080/ & curl -s http://127.0.0.1:8080/ &
    tc qdisc add dev lo root netem delay 100ms
    synscope run -- curl -Z -m 3 http://127.0.0.1:8080/a http://127.0.0.1:8080/b
    nstat -az TcpExtListenOverflows
"""

from synscope.lab.stage.stage import Stage
from synscope.lab.stage.wire import delaying

NAME = "accept-queue-overflow-ack"
FINDINGS = ("accept-queue-overflow-ack",)
NEEDS = ("tun", "ss")

DELAY_S = 0.1


def play(stage: Stage) -> None:
    client, server, wire = stage.wired(delaying(DELAY_S))
    server.listen(8080, backlog=2, accepts=False)
    to = (server.address, 8080)
    attempts = [client.connect(to) for _ in range(2)]
    attempts += [client.connect(to, wait=False) for _ in range(2)]
    errors = [attempt.error for attempt in attempts]
    stage.until(lambda: server.counter("TcpExtListenOverflows") > 0, "ListenOverflows on the server")
    stage.until(lambda: len(wire.seen("SA")) > len(attempts), "a SYN-ACK that is sent again")
    overflows = server.counter("TcpExtListenOverflows")
    taken = {line.split()[-1] for line in server.ss("-tn", "state", "established")}
    left_out = [attempt for attempt in attempts if "{}:{}".format(*attempt.local) not in taken]
    stage.witness(f"connect() of all four: {errors}", errors == [None] * 4)
    stage.witness(f"/proc/net/netstat of the server: ListenOverflows {overflows}", overflows > 0)
    stage.witness(f"ss on the server: {4 - len(left_out)} established", len(left_out) == 1)
    stage.about(left_out[0])
