"""Two clients bind to the same local port and connect to the same server.

What is built
    Two hosts, client and server, joined by a veth link. The server listens on port 8080.

What happens
    A first client binds to port 40000 and connects. A second one does the same: with SO_REUSEADDR its bind()
    succeeds, and connect() fails, because the first one's connection has the same four numbers.

What one should see
    A half with a local port that goes to SYN_SENT and back within connect(), which returns EADDRNOTAVAIL; no
    SYN.

By hand
    unshare -n
    ip link set lo up
    python3 -m http.server 8080 --bind 127.0.0.1 &
    nc -p 40000 127.0.0.1 8080 &
    synscope run -- nc -p 40000 127.0.0.1 8080
"""

import socket

from synscope.lab.stage.stage import Stage

NAME = "local-port-conflict"
FINDINGS = ("local-port-conflict",)
IN_RECORD = ("connect-failed",)
NEEDS = ("ss",)

PORT = 40000
REUSE = ((socket.SOL_SOCKET, socket.SO_REUSEADDR, 1),)


def play(stage: Stage) -> None:
    client, server = stage.pair()
    server.listen(8080)
    to, source = (server.address, 8080), (client.address, PORT)
    first, second = (client.connect(to, source=source, options=REUSE) for _ in range(2))
    holders = len(client.ss("-tan", f"sport = {PORT}"))
    stage.witness(f"connect() of the first: {first.error or 'connected'}", first.error is None)
    stage.witness(f"connect() of the second: {second.error}", second.error == "EADDRNOTAVAIL")
    stage.witness(f"ss on the client: {holders} connection from port {PORT}", holders == 1)
