"""Two causes at once: a firewall drops the first SYN, a full accept queue swallows the second.

What is built
    Two hosts, client and server, joined by a veth link. The server listens on port 8080 with a backlog of 0
    and never accepts; one connection waits. A rule of nftables on hook input drops one SYN a minute.

What happens
    The client connects. Its first SYN meets the rule, its second one the full queue. It gives up.

What one should see
    Both: one drop with netfilter's reason, and one SYN that the listener makes no request of.

By hand
    unshare -n
    ip link set lo up
    python3 -c 'import socket, time; s = socket.create_server(("", 8080), backlog=0); time.sleep(60)' &
    curl -s http://127.0.0.1:8080/ &
    nft 'add table inet t; add chain inet t i { type filter hook input priority 0; }'
    nft 'add rule inet t i tcp flags syn tcp dport 8080 limit rate 1/minute burst 1 packets counter drop'
    synscope run -- curl -m 2 http://127.0.0.1:8080/
"""

from synscope.lab.stage.stage import Stage

NAME = "two-causes-filter-overflow"
FINDINGS = ("accept-queue-overflow", "syn-dropped-input", "gave-up")
IN_RECORD = ("syn-dropped-netfilter", "gave-up")  # of the SYNs it knows the last drop alone
NEEDS = ("nft",)


def play(stage: Stage) -> None:
    client, server = stage.pair()
    server.listen(8080, backlog=0, accepts=False)
    to = (server.address, 8080)
    client.connect(to)
    deaf = server.rule(
        "input", "tcp flags syn tcp dport 8080 limit rate 1/minute burst 1 packets COUNTER drop"
    )
    attempt = client.connect(to, timeout=1.5)
    overflows = server.counter("TcpExtListenOverflows")
    stage.witness(f"connect(): {attempt.error}", attempt.error == "timeout")
    stage.witness(f"nftables of the server: {deaf.packets} SYN dropped", deaf.packets == 1)
    stage.witness(f"/proc/net/netstat of the server: ListenOverflows {overflows}", overflows == 1)
