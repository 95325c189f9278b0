"""The server's firewall refuses the SYN with ICMP port-unreachable.

What is built
    Two hosts, client and server, joined by a veth link. The server listens on port 8080, and a rule of
    nftables in its input chain rejects what is for that port, as `reject` does without further words.

What happens
    The client connects. The ICMP error answers its SYN so soon that connect() still has the socket: TCP only
    notes the error. The SYN that is sent again a second later is answered too, and now connect() returns
    ECONNREFUSED.

What one should see
    SYNs that netfilter frees under ip_local_deliver, an error noted (sk_err_soft), and a socket that
    tcp_v4_err closes: no RST.

By hand
    unshare -n
    ip link set lo up
    nft 'add table inet t; add chain inet t input { type filter hook input priority 0; }'
    nft 'add rule inet t input tcp dport 8080 counter reject'
    synscope run -- curl http://127.0.0.1:8080/
"""

from synscope.lab.stage.stage import Stage

NAME = "refused-by-firewall-icmp"
FINDINGS = ("refused-by-firewall",)
NEEDS = ("nft",)


def play(stage: Stage) -> None:
    client, server = stage.pair()
    server.listen(8080)
    rejects = server.rule("input", "tcp dport 8080 COUNTER reject with icmpx type port-unreachable")
    attempt = client.connect((server.address, 8080))
    unreachable = client.counter("IcmpInDestUnreachs")
    stage.witness(f"connect(): {attempt.error}", attempt.error == "ECONNREFUSED")
    stage.witness(f"nftables, chain input of the server: {rejects.packets} packets", rejects.packets > 0)
    stage.witness(
        f"/proc/net/snmp of the client: Icmp InDestUnreachs {unreachable}", unreachable == rejects.packets
    )
