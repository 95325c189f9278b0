"""A router removes the timestamp option from SYNs.

What is built
    Three hosts in a row, client, router and server. A rule of nftables in the router's forward chain
    overwrites the timestamp option of SYN and SYN-ACK with padding. The server listens on port 8080.

What happens
    The client offers timestamps, the server never learns of it, and the connection does without.

What one should see
    A SYN that has the option on the first link and lacks it on the second; a connection in good order.

By hand
    unshare -n
    ip link add eth0 type veth peer name eth1 netns ROUTER
    nsenter -t ROUTER -n nft 'add table inet t; add chain inet t f { type filter hook forward priority 0; }'
    nsenter -t ROUTER -n nft 'add rule inet t f tcp flags syn counter reset tcp option timestamp'
    synscope run -- curl -s http://198.51.100.1:8080/
"""

from synscope.lab.stage.stage import Stage

NAME = "options-altered-stripped"
FINDINGS = ("options-altered",)
IN_RECORD = None  # a record has what a socket received, not what was sent
NEEDS = ("nft", "ss")


def play(stage: Stage) -> None:
    client, router, server = stage.routed()
    listener = server.listen(8080)
    strip = router.rule("forward", "tcp flags & syn == syn COUNTER reset tcp option timestamp")
    attempt = client.connect((server.address, 8080))
    listener.accept()
    agreed = " ".join(server.ss("-tinO", "state", "established", "sport = 8080")).split()
    stage.witness(f"connect(): {attempt.error or 'connected'}", attempt.error is None)
    stage.witness(f"nftables, chain forward of the router: {strip.packets} packets", strip.packets == 2)
    stage.witness("ss on the server: no timestamps", bool(agreed) and "ts" not in agreed)
