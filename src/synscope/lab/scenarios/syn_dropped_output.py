"""The client's own firewall drops the SYN.

What is built
    Two hosts, client and server, joined by a veth link. The server listens on port 8080, and a rule of
    nftables in the client's output chain drops what is for that port.

What happens
    The client connects; TCP sends the SYN again once and gives up (net.ipv4.tcp_syn_retries is 1 here).

What one should see
    SYNs that are freed in netfilter under __ip_local_out, before any device has them.

By hand
    unshare -n
    ip link set lo up
    nft 'add table inet t; add chain inet t output { type filter hook output priority 0; }'
    nft 'add rule inet t output tcp dport 8080 counter drop'
    synscope run -- curl -m 1.5 http://127.0.0.1:8080/
"""

from synscope.lab.stage.stage import Stage

NAME = "syn-dropped-output"
FINDINGS = ("syn-dropped-output",)
IN_RECORD = ("syn-dropped-netfilter",)
NEEDS = ("nft",)


def play(stage: Stage) -> None:
    client, server = stage.pair()
    client.give_up_after(retries=1)
    server.listen(8080)
    drops = client.rule("output", "tcp dport 8080 COUNTER drop")
    attempt = client.connect((server.address, 8080))
    stage.witness(f"connect(): {attempt.error}", attempt.error == "ETIMEDOUT")
    stage.witness(f"nftables, output of the client: {drops.packets} packets dropped", drops.packets == 2)
