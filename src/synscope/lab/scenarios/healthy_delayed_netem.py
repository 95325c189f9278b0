"""A connection as it should be, over a link that netem makes 60 ms long each way.

What is built
    Two hosts, client and server, joined by a veth link. The server listens on port 8080. A first connection
    fills the neighbour tables; then the queueing discipline netem, on each end of the link, holds each packet
    for 60 ms.

What happens
    The client connects; the server accepts.

What one should see
    The SYN is given to its device at once and arrives 60 ms later, nothing is sent again, and there is no
    finding: a long link is not a fault, also where the delay is this host's own.

By hand
    unshare -n
    ip link set lo up
    tc qdisc add dev lo root netem delay 60ms
    python3 -m http.server 8080 --bind 127.0.0.1 &
    synscope run -- curl -s http://127.0.0.1:8080/
"""

from synscope.lab.scenarios.healthy_delayed import rtt
from synscope.lab.stage.hosts import Host
from synscope.lab.stage.stage import Stage

NAME = "healthy-delayed-netem"
FINDINGS = ()
NEEDS = ("netem", "ss")

DELAY_MS = 60


def play(stage: Stage) -> None:
    client, server = stage.pair()
    listener = server.listen(8080)
    client.connect((server.address, 8080)).close()
    listener.accept()
    for host in (client, server):
        host.command("tc", "qdisc", "add", "dev", "eth0", "root", "netem", "delay", f"{DELAY_MS}ms")
    attempt = client.connect((server.address, 8080))
    listener.accept()
    rtt_ms = rtt(client.ss("-tinO", "state", "established", "dport = 8080"))
    stage.witness(f"connect(): {attempt.error or 'connected'}", attempt.error is None)
    stage.witness(f"ss on the client: rtt {rtt_ms:g} ms", rtt_ms >= 2 * DELAY_MS)
    stage.witness(f"tc on the client: netem sent {sent(client)} packets", sent(client) > 0)


def sent(host: Host) -> int:
    """Packets that passed netem (`Sent 438 bytes 6 pkt …`)."""
    words = host.command("tc", "-s", "qdisc", "show", "dev", "eth0").split()
    return int(words[words.index("pkt") - 1])
