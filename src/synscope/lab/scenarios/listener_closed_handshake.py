"""The server closes its listener while the final ACK of a handshake is on its way.

What is built
    Two hosts, client and server, joined by a wire on which each packet takes 200 ms. The server listens on
    port 8080.

What happens
    The client connects. While its ACK is under way the server closes its listening socket; the ACK finds
    nobody, and is answered by an RST. The client's connect() has succeeded by then.

What one should see
    A request that never becomes a connection, a listener that is closed after it was made, an RST.

By hand
    unshare -n
    ip link set lo up
    tc qdisc add dev lo root netem delay 200ms
    timeout 0.5 python3 -m http.server 8080 --bind 127.0.0.1 &
    sleep 0.2; synscope run -- curl -s http://127.0.0.1:8080/
"""

from synscope.lab.stage.stage import Stage
from synscope.lab.stage.wire import delaying

NAME = "listener-closed-handshake"
FINDINGS = ("listener-closed",)
NEEDS = ("tun", "ss")

DELAY_S = 0.2


def play(stage: Stage) -> None:
    client, server, wire = stage.wired(delaying(DELAY_S))
    listener = server.listen(8080, accepts=False)
    attempt = client.connect((server.address, 8080))
    listener.close()
    stage.until(lambda: client.counter("TcpEstabResets") > 0, "the RST")
    made = server.counter("TcpPassiveOpens")
    stage.witness(f"connect(): {attempt.error or 'connected'}", attempt.error is None)
    stage.witness(f"the wire carried {len(wire.seen('R'))} RST", len(wire.seen("R")) == 1)
    stage.witness(f"/proc/net/snmp of the server: Tcp PassiveOpens {made}", made == 0)
