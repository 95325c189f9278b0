"""The server's firewall refuses the SYN with an RST.

What is built
    Two hosts, client and server, joined by a veth link. The server listens on port 8080, and a rule of
    nftables in its input chain rejects what is for that port with a TCP reset.

What happens
    The client connects. The rule frees its SYN and sends an RST in the server's place; connect() returns
    ECONNREFUSED at once, as if nothing listened.

What one should see
    A SYN that netfilter frees (NETFILTER_DROP) under ip_local_deliver, an RST all the same, and no request
    at the listener.

By hand
    unshare -n
    ip link set lo up
    nft 'add table inet t; add chain inet t input { type filter hook input priority 0; }'
    nft 'add rule inet t input tcp dport 8080 counter reject with tcp reset'
    python3 -m http.server 8080 --bind 127.0.0.1 &
    synscope run -- curl http://127.0.0.1:8080/
"""

from synscope.lab.stage.stage import Stage

NAME = "refused-by-firewall"
FINDINGS = ("refused-by-firewall",)
NEEDS = ("nft",)


def play(stage: Stage) -> None:
    client, server = stage.pair()
    server.listen(8080)
    rejects = server.rule("input", "tcp dport 8080 COUNTER reject with tcp reset")
    attempt = client.connect((server.address, 8080))
    requests = server.counter("TcpPassiveOpens")
    stage.witness(f"connect(): {attempt.error}", attempt.error == "ECONNREFUSED")
    stage.witness(f"nftables, chain input of the server: {rejects.packets} packet", rejects.packets == 1)
    stage.witness(f"/proc/net/snmp of the server: Tcp PassiveOpens {requests}", requests == 0)
