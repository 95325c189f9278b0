"""A router's firewall drops the SYN between the ends.

What is built
    Three hosts in a row, client, router and server. The server listens on port 8080, and a rule of nftables
    in the router's forward chain drops what is for that port.

What happens
    The client connects, sends its SYN again after a second, and gives up.

What one should see
    SYNs that reach the router's device and are freed there in netfilter, under ip_forward; the server never
    has them.

By hand
    unshare -n
    ip link add eth0 type veth peer name eth1 netns ROUTER
    nsenter -t ROUTER -n nft 'add table inet t; add chain inet t f { type filter hook forward priority 0; }'
    nsenter -t ROUTER -n nft 'add rule inet t f tcp dport 8080 counter drop'
    synscope run -- curl -m 1.5 http://198.51.100.1:8080/
"""

from synscope.lab.stage.stage import Stage

NAME = "syn-dropped-forward"
FINDINGS = ("syn-dropped-forward",)
IN_RECORD = ("syn-dropped-netfilter",)
NEEDS = ("nft",)


def play(stage: Stage) -> None:
    client, router, server = stage.routed()
    server.listen(8080)
    drops = router.rule("forward", "tcp dport 8080 COUNTER drop")
    attempt = client.connect((server.address, 8080), timeout=1.5)
    received = server.counter("TcpInSegs")
    stage.witness(f"connect(): {attempt.error}", attempt.error == "timeout")
    stage.witness(f"nftables, chain forward of the router: {drops.packets} packets", drops.packets == 2)
    stage.witness(f"/proc/net/snmp of the server: Tcp InSegs {received}", received == 0)
