"""The next hop answers late when it is asked for its link address.

What is built
    Two hosts, client and server, joined by a veth link. The server listens on port 8080; a rule of nftables
    drops the ARP requests that come to it. The client asks again every 100 ms.

What happens
    The client connects: its SYN waits for the server's link address. When the server has ignored two
    requests the rule is taken away; the next one is answered, and the SYN leaves.

What one should see
    A long time between the making of the SYN and the device, which it is given to under arp_process.

By hand
    unshare -n
    ip link add eth0 type veth peer name eth1 netns SERVER
    sysctl -w net.ipv4.neigh.eth0.retrans_time_ms=100
    nsenter -t SERVER -n nft 'add table arp t; add chain arp t i { type filter hook input priority 0; }'
    nsenter -t SERVER -n nft 'add rule arp t i counter drop'
    synscope run -- curl http://192.0.2.2:8080/ & sleep 0.3; nsenter -t SERVER -n nft flush ruleset
"""

from synscope.lab.stage.stage import Stage

NAME = "slow-neighbour"
FINDINGS = ("slow-neighbour",)
IN_RECORD = None  # a record has the time of the SYN's making, not that of its device
NEEDS = ("nft",)

PROBES = 2


def play(stage: Stage) -> None:
    client, server = stage.pair()
    client.sysctl("net.ipv4.neigh.eth0.retrans_time_ms", 100)
    client.sysctl("net.ipv4.neigh.eth0.mcast_solicit", 50)
    listener = server.listen(8080)
    deaf = server.rule("input", "arp operation request COUNTER drop", family="arp")
    attempt = client.connect((server.address, 8080), wait=False)
    stage.until(lambda: deaf.packets >= PROBES, "ARP requests that are ignored")
    asked, sent = deaf.packets, server.counter("TcpInSegs")
    server.command("nft", "flush", "ruleset")
    listener.accept()
    again = client.counter("TcpRetransSegs")
    stage.witness(f"nftables, chain input of the server: {asked} ARP requests dropped", asked >= PROBES)
    stage.witness(f"/proc/net/snmp of the server until then: Tcp InSegs {sent}", sent == 0)
    stage.witness(f"connect(): {attempt.error or 'connected'}", attempt.error is None)
    stage.witness(f"/proc/net/snmp of the client: Tcp RetransSegs {again}", again == 0)
