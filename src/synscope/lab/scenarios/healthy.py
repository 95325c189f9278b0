"""A connection as it should be: two hosts, one link, a server that accepts at once.

What is built
    Two hosts, client and server, joined by a veth link. The server listens on port 8080.

What happens
    The client connects; the server accepts.

What one should see
    SYN, SYN-ACK and ACK, both sockets ESTABLISHED, and no finding.

By hand
    unshare -n
    ip link set lo up
    python3 -m http.server 8080 --bind 127.0.0.1 &
    synscope run -- curl -s http://127.0.0.1:8080/
"""

from synscope.lab.stage.stage import Stage

NAME = "healthy"
FINDINGS = ()


def play(stage: Stage) -> None:
    client, server = stage.pair()
    listener = server.listen(8080)
    attempt = client.connect((server.address, 8080))
    peer = listener.accept()
    stage.witness(f"connect(): {attempt.error or 'connected'}", attempt.error is None)
    stage.witness(f"accept() gave the server {peer[0]}:{peer[1]}", peer == attempt.local)
