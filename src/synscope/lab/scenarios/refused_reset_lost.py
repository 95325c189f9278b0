"""Nothing listens, and the RST that would say so is dropped on its way back.

What is built
    Two hosts, client and server, joined by a veth link. Nothing listens on the server; a rule of nftables on
    its hook output drops RSTs ("stealth").

What happens
    The client connects to port 8080. The server's TCP finds no socket and sends an RST, which the rule drops:
    for the client it looks like a lost SYN. It sends the SYN again, and gives up.

What one should see
    A SYN that is freed with the reason NO_SOCKET, again and again, and a client that waits.

By hand
    unshare -n
    ip link set lo up
    nft 'add table inet t; add chain inet t o { type filter hook output priority 0; }'
    nft 'add rule inet t o tcp flags rst counter drop'
    synscope run -- curl -m 2 http://127.0.0.1:8080/
"""

from synscope.lab.stage.stage import Stage

NAME = "refused-reset-lost"
FINDINGS = ("refused-no-listener", "gave-up")
NEEDS = ("nft",)


def play(stage: Stage) -> None:
    client, server = stage.pair()
    stealth = server.rule("output", "tcp flags rst COUNTER drop")
    attempt = client.connect((server.address, 8080), timeout=1.2)
    sent = server.counter("TcpOutRsts")
    stage.witness(f"connect(): {attempt.error}", attempt.error == "timeout")
    stage.witness(f"nftables of the server: {stealth.packets} RSTs dropped", stealth.packets == 2)
    stage.witness(f"/proc/net/snmp of the server: Tcp OutRsts {sent}", sent == 2)
