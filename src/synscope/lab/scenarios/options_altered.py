"""A router lowers the maximum segment size in the SYNs that pass.

What is built
    Three hosts in a row, client, router and server. The server listens on port 8080; a rule of nftables in
    the router's forward chain sets the MSS of every SYN and SYN-ACK to 1200, as routers before tunnels do.

What happens
    The client connects. Both ends believe that the other one takes no more than 1200 bytes a segment.

What one should see
    The same SYN with one MSS at the client's device and another at the server's.

By hand
    unshare -n
    ip link add eth0 type veth peer name eth1 netns ROUTER
    nsenter -t ROUTER -n nft 'add table inet t; add chain inet t f { type filter hook forward priority 0; }'
    nsenter -t ROUTER -n nft 'add rule inet t f tcp flags syn counter tcp option maxseg size set 1200'
    synscope run -- curl -s http://198.51.100.1:8080/
"""

from synscope.lab.stage.stage import Stage

NAME = "options-altered"
FINDINGS = ("options-altered",)
IN_RECORD = None  # a record has what a socket received, not what was sent
NEEDS = ("nft", "ss")

MSS = 1200


def play(stage: Stage) -> None:
    client, router, server = stage.routed()
    listener = server.listen(8080)
    clamp = router.rule("forward", f"tcp flags syn COUNTER tcp option maxseg size set {MSS}")
    attempt = client.connect((server.address, 8080))
    listener.accept()
    largest = mss(server.ss("-tinO", "state", "established", "sport = 8080"))
    stage.witness(f"connect(): {attempt.error or 'connected'}", attempt.error is None)
    stage.witness(f"nftables, chain forward of the router: {clamp.packets} packets", clamp.packets == 2)
    stage.witness(f"ss on the server: mss {largest}", MSS - 40 <= largest <= MSS)


def mss(lines: list[str]) -> int:
    """The MSS in the one line of ss: `… mss:1188 …`."""
    words = " ".join(lines).split()
    return next((int(word[4:]) for word in words if word.startswith("mss:")), 0)
