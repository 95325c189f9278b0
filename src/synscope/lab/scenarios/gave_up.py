"""The client's own patience ends before the answer can be there.

What is built
    Two hosts, client and server, joined by a wire on which each packet takes 300 ms. The server listens on
    port 8080.

What happens
    The client connects and waits 200 ms (a connect timeout, a socket that does not block), then closes the
    socket. The answer comes later, and its RST ends the server's request.

What one should see
    SYN_SENT to CLOSE inside close(), without an error on the socket, in less time than a round trip takes.

By hand
    unshare -n
    ip link set lo up
    tc qdisc add dev lo root netem delay 300ms
    python3 -m http.server 8080 --bind 127.0.0.1 &
    synscope run -- curl --connect-timeout 0.2 http://127.0.0.1:8080/
"""

from synscope.lab.stage.stage import Stage
from synscope.lab.stage.wire import delaying

NAME = "gave-up"
FINDINGS = ("gave-up",)
NEEDS = ("tun",)

DELAY_S = 0.3
PATIENCE_S = 0.2


def play(stage: Stage) -> None:
    client, server, wire = stage.wired(delaying(DELAY_S))
    server.listen(8080)
    attempt = client.connect((server.address, 8080), timeout=PATIENCE_S)
    stage.until(lambda: bool(wire.seen("R")), "the RST of the client's host")
    stage.until(lambda: server.counter("TcpInSegs") > 1, "the RST at the server")
    answers, lost = len(wire.seen("SA")), wire.lost()
    stage.witness(f"connect(): {attempt.error} after {PATIENCE_S:g} s", attempt.error == "timeout")
    stage.witness(f"the wire carried {answers} SYN-ACK and lost {lost} segments", (answers, lost) == (1, 0))
