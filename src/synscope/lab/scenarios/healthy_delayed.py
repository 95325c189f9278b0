"""A connection as it should be, over a link that takes 60 ms each way.

What is built
    Two hosts, client and server, joined by a wire: a program that carries each packet from one TUN device to
    the other, 60 ms later. The server listens on port 8080.

What happens
    The client connects; the server accepts.

What one should see
    Each segment arrives 60 ms after it was sent, nothing is sent again, and there is no finding: slow
    because it is far is not a fault.

By hand
    unshare -n
    ip link set lo up
    tc qdisc add dev lo root netem delay 60ms
    python3 -m http.server 8080 --bind 127.0.0.1 &
    synscope run -- curl -s http://127.0.0.1:8080/
"""

from synscope.lab.stage.stage import Stage
from synscope.lab.stage.wire import delaying

NAME = "healthy-delayed"
FINDINGS = ()
NEEDS = ("tun", "ss")

DELAY_S = 0.06


def play(stage: Stage) -> None:
    client, server, wire = stage.wired(delaying(DELAY_S))
    listener = server.listen(8080)
    attempt = client.connect((server.address, 8080))
    listener.accept()
    rtt_ms = rtt(client.ss("-tinO", "state", "established", "dport = 8080"))
    stage.witness(f"connect(): {attempt.error or 'connected'}", attempt.error is None)
    stage.witness(f"ss on the client: rtt {rtt_ms:g} ms", rtt_ms >= 2 * DELAY_S * 1000)
    stage.witness(f"the wire carried {len(wire.seen('S'))} SYN", len(wire.seen("S")) == 1)


def rtt(lines: list[str]) -> float:
    """The round-trip time in the one line of ss, ms: `… rtt:120.4/60.2 …`."""
    words = " ".join(lines).split()
    return next((float(word[4:].split("/")[0]) for word in words if word.startswith("rtt:")), 0.0)
