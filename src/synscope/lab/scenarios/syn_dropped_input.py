"""The server's own firewall drops the SYN.

What is built
    Two hosts, client and server, joined by a veth link. The server listens on port 8080, and a rule of
    nftables in its input chain drops what is for that port.

What happens
    The client connects, sends its SYN again after a second, and gives up.

What one should see
    SYNs that reach the server's device and are freed there in netfilter, under ip_local_deliver.

By hand
    unshare -n
    ip link set lo up
    nft 'add table inet t; add chain inet t input { type filter hook input priority 0; }'
    nft 'add rule inet t input tcp dport 8080 counter drop'
    synscope run -- curl -m 1.5 http://127.0.0.1:8080/
"""

from synscope.lab.stage.stage import Stage

NAME = "syn-dropped-input"
FINDINGS = ("syn-dropped-input",)
IN_RECORD = ("syn-dropped-netfilter",)
NEEDS = ("nft",)


def play(stage: Stage) -> None:
    client, server = stage.pair()
    server.listen(8080)
    drops = server.rule("input", "tcp dport 8080 COUNTER drop")
    attempt = client.connect((server.address, 8080), timeout=1.5)
    stage.witness(f"connect(): {attempt.error}", attempt.error == "timeout")
    stage.witness(f"nftables, input of the server: {drops.packets} packets dropped", drops.packets == 2)
