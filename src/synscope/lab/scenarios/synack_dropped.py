"""The client's own firewall drops the server's answer.

What is built
    Two hosts, client and server, joined by a veth link. The server listens on port 8080, and a rule of
    nftables in the client's input chain drops what comes from that port: a firewall that lets requests out
    and forgets the answers.

What happens
    The client connects. The server answers each of its SYNs, and sends its answer again by itself; none of it
    gets to the client's TCP, which gives up.

What one should see
    A request at the server, and SYN-ACKs that reach the client's device and are freed there in netfilter,
    under ip_local_deliver.

By hand
    unshare -n
    ip link set lo up
    nft 'add table inet t; add chain inet t input { type filter hook input priority 0; }'
    nft 'add rule inet t input tcp sport 8080 counter drop'
    python3 -m http.server 8080 --bind 127.0.0.1 &
    synscope run -- curl -m 1.5 http://127.0.0.1:8080/
"""

from synscope.lab.stage.stage import Stage

NAME = "synack-dropped"
FINDINGS = ("synack-dropped",)
NEEDS = ("nft", "ss")


def play(stage: Stage) -> None:
    client, server = stage.pair()
    server.listen(8080)
    drops = client.rule("input", "tcp sport 8080 COUNTER drop")
    attempt = client.connect((server.address, 8080), timeout=1.5)
    requests = len(server.ss("-tan", "state", "syn-recv", "sport = 8080"))
    stage.witness(f"connect(): {attempt.error}", attempt.error == "timeout")
    stage.witness(f"nftables, chain input of the client: {drops.packets} packets dropped", drops.packets > 1)
    stage.witness(f"ss on the server: {requests} socket in SYN-RECV", requests == 1)
