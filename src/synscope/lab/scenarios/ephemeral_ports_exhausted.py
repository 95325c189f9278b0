"""Every local port of the range is in use for one destination.

What is built
    Two hosts, client and server, joined by a veth link. The server listens on port 8080; the client's
    net.ipv4.ip_local_port_range has four ports.

What happens
    Four clients connect and keep their connections; the fifth one's connect() fails at once.

What one should see
    A half that goes to SYN_SENT and back within connect(), without a port; EADDRNOTAVAIL; no SYN.

By hand
    unshare -n
    ip link set lo up
    sysctl -w net.ipv4.ip_local_port_range="40000 40003"
    python3 -m http.server 8080 --bind 127.0.0.1 &
    for i in 1 2 3 4; do nc 127.0.0.1 8080 & done
    synscope run -- nc 127.0.0.1 8080
"""

from synscope.lab.stage.stage import Stage

NAME = "ephemeral-ports-exhausted"
FINDINGS = ("ephemeral-ports-exhausted",)
IN_RECORD = ("connect-failed",)
NEEDS = ("ss",)

FIRST, LAST = 40000, 40003


def play(stage: Stage) -> None:
    client, server = stage.pair()
    client.sysctl("net.ipv4.ip_local_port_range", f"{FIRST} {LAST}")
    server.listen(8080)
    to = (server.address, 8080)
    errors = [client.connect(to).error for _ in range(FIRST, LAST + 1)]
    last = client.connect(to)
    taken = len(client.ss("-tn", "state", "established", "dport = 8080"))
    stage.witness(f"connect() of the first four: {errors}", errors == [None] * 4)
    stage.witness(f"connect() of the fifth: {last.error}", last.error == "EADDRNOTAVAIL")
    stage.witness(f"ss on the client: {taken} connections", taken == LAST + 1 - FIRST)
