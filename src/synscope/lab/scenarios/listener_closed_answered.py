"""The server closes its listener while its SYN-ACK is on the way to the client.

What is built
    Two hosts, client and server, joined by a wire on which each packet takes 200 ms. The server listens on
    port 8080.

What happens
    The client connects. When the server has answered, and before the answer is there, it closes its listening
    socket. The client's connect() succeeds; its ACK finds neither a request nor a listener, and is answered
    by an RST.

What one should see
    A final ACK that is freed with the reason NO_SOCKET, after the listener was closed.

By hand
    unshare -n
    ip link set lo up
    tc qdisc add dev lo root netem delay 200ms
    timeout 0.3 python3 -m http.server 8080 --bind 127.0.0.1 &
    synscope run -- curl -s http://127.0.0.1:8080/
"""

from synscope.lab.stage.stage import Stage
from synscope.lab.stage.wire import delaying

NAME = "listener-closed-answered"
FINDINGS = ("listener-closed",)
NEEDS = ("tun",)

DELAY_S = 0.2


def play(stage: Stage) -> None:
    client, server, wire = stage.wired(delaying(DELAY_S))
    listener = server.listen(8080, accepts=False)
    attempt = client.connect((server.address, 8080), wait=False)
    stage.until(lambda: bool(wire.seen("SA")), "the SYN-ACK")
    listener.close()
    stage.until(lambda: client.counter("TcpEstabResets") > 0, "the RST")
    made = server.counter("TcpPassiveOpens")
    stage.witness(f"connect(): {attempt.error or 'connected'}", attempt.error is None)
    stage.witness(f"the wire carried {len(wire.seen('R'))} RST", len(wire.seen("R")) == 1)
    stage.witness(f"/proc/net/snmp of the server: Tcp PassiveOpens {made}", made == 0)
