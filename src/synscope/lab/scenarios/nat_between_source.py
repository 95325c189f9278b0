"""A router hides the client behind its own address.

What is built
    Three hosts in a row, client, router and server. A rule of nftables on the router (masquerade) gives what
    leaves towards the server the router's address. The server listens on port 8080.

What happens
    The client connects; the server accepts a connection that comes from the router.

What one should see
    Two halves with different addresses and the same two initial sequence numbers.

By hand
    unshare -n
    ip link set lo up
    nft 'add table ip t; add chain ip t postrouting { type nat hook postrouting priority 100; }'
    nft 'add rule ip t postrouting tcp dport 8080 counter snat to 127.0.0.9'
    python3 -m http.server 8080 --bind 127.0.0.1 &
    synscope run -- curl -s http://127.0.0.1:8080/
"""

from synscope.lab.stage.stage import Stage

NAME = "nat-between-source"
FINDINGS = ("nat-between",)
NEEDS = ("nft",)


def play(stage: Stage) -> None:
    client, router, server = stage.routed()
    listener = server.listen(8080)
    router.nft(
        "table ip t { counter met { }\nchain postrouting { type nat hook postrouting priority srcnat;\n"
        "tcp dport 8080 counter name met masquerade\n}\n}"
    )
    attempt = client.connect((server.address, 8080))
    peer = listener.accept()
    met = router.counted("met")
    stage.witness(f"connect(): {attempt.error or 'connected'}", attempt.error is None)
    stage.witness(f"accept(): from {peer[0]}", peer[0] == router.ends[1].address != attempt.local[0])
    stage.witness(f"nftables, chain postrouting of the router: {met} connection", met == 1)
