"""A connection as it should be, over IPv6.

What is built
    Two hosts, client and server, joined by a veth link with IPv6 addresses. The server listens on [::]:8080.

What happens
    The client connects to the server's IPv6 address; the server accepts.

What one should see
    SYN, SYN-ACK and ACK between IPv6 addresses, both sockets ESTABLISHED, and no finding.

By hand
    unshare -n
    ip link set lo up
    python3 -m http.server 8080 --bind ::1 &
    synscope run -- curl -s 'http://[::1]:8080/'
"""

from synscope.lab.stage.stage import Stage

NAME = "healthy-ipv6"
FINDINGS = ()
NEEDS = ("ipv6",)


def play(stage: Stage) -> None:
    client, server = stage.pair()
    listener = server.listen(8080, address="::")
    attempt = client.connect((server.address6, 8080))
    peer = listener.accept()
    stage.witness(f"connect(): {attempt.error or 'connected'}", attempt.error is None)
    stage.witness(f"accept() gave the server [{peer[0]}]:{peer[1]}", peer == attempt.local)
