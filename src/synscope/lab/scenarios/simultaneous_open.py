"""Two hosts connect to each other at the same time, and neither listens.

What is built
    Two hosts, client and server, joined by a wire on which each packet takes 300 ms.

What happens
    The client connects from port 5000 to the server's port 6000 while the server connects from port 6000 to
    the client's port 5000. Their SYNs cross on the wire, and make one connection (RFC 9293 section 3.5).

What one should see
    Two clients and no listener: SYN_SENT, SYN_RECV and ESTABLISHED on both sides.

By hand
    unshare -n
    ip link set lo up
    tc qdisc add dev lo root netem delay 300ms
    synscope run -- sh -c 'nc -p 5000 127.0.0.1 6000 & nc -p 6000 127.0.0.1 5000'
"""

from synscope.lab.stage.stage import Stage
from synscope.lab.stage.wire import delaying

NAME = "simultaneous-open"
FINDINGS = ("simultaneous-open",)
NEEDS = ("tun", "ss")

DELAY_S = 0.3


def play(stage: Stage) -> None:
    client, server, wire = stage.wired(delaying(DELAY_S))
    near, far = (client.address, 5000), (server.address, 6000)
    attempts = [
        client.connect(far, source=near, wait=False),
        server.connect(near, source=far, wait=False),
    ]
    errors = [attempt.error for attempt in attempts]
    towards = {seen.to for seen in wire.seen("S")}
    listeners = len(client.ss("-ltn") + server.ss("-ltn"))
    stage.witness(f"connect() of both: {errors}", errors == [None, None])
    stage.witness(f"the wire carried SYNs towards {len(towards)} hosts", len(towards) == 2)
    stage.witness(f"ss: {listeners} listeners", listeners == 0)
