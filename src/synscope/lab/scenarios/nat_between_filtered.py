"""A router sends the SYN to another address and port, and a firewall there drops it.

What is built
    Two hosts, client and server, and a router between them, which translates connections to its own port 80
    to the server's port 8080, as a published container port does. The server listens there; a rule of
    nftables on hook input drops what comes.

What happens
    The client connects to the router's port 80. Its SYN is dropped at the server's end, under another
    destination than the client's socket has. The client gives up.

What one should see
    A drop in the server's network namespace of a SYN to 198.51.100.1:8080, found by its sequence number.

By hand
    nsenter -t ROUTER -n nft 'add table ip t; add chain ip t p { type nat hook prerouting priority -100; }'
    nsenter -t ROUTER -n nft 'add rule ip t p tcp dport 80 dnat to 198.51.100.1:8080'
    nsenter -t SERVER -n nft 'add table inet t; add chain inet t i { type filter hook input priority 0; }'
    nsenter -t SERVER -n nft 'add rule inet t i tcp dport 8080 counter drop'
    synscope run -- curl -m 1 http://192.0.2.2/
"""

from synscope.lab.stage.stage import Stage

NAME = "nat-between-filtered"
FINDINGS = ("syn-dropped-input", "gave-up")
IN_RECORD = ("syn-lost", "gave-up")  # a record is found by its ports, which are others there
NEEDS = ("nft",)


def play(stage: Stage) -> None:
    client, router, server = stage.routed()
    server.listen(8080)
    deaf = server.rule("input", "tcp dport 8080 COUNTER drop")
    chain = "chain p { type nat hook prerouting priority -100; "
    router.nft(f"table ip nat {{ {chain} tcp dport 80 dnat to {server.address}:8080; }}; }}")
    attempt = client.connect((router.address, 80), timeout=1.2)
    stage.witness(f"connect(): {attempt.error}", attempt.error == "timeout")
    stage.witness(f"nftables of the server: {deaf.packets} SYNs to port 8080 dropped", deaf.packets == 2)
