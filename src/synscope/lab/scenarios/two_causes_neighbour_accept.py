"""Two causes at once: the next hop answers late, and then the server's program does not accept.

What is built
    Two hosts, client and server, joined by a veth link. A rule of nftables drops the ARP requests that come
    to the server, which listens on port 8080 and accepts when it is told to.

What happens
    The client's SYN waits for the server's link address until the rule is taken away; then the connection
    waits for accept().

What one should see
    Both waits, each with its own finding.

By hand
    unshare -n
    ip link add eth0 type veth peer name eth1 netns SERVER
    sysctl -w net.ipv4.neigh.eth0.retrans_time_ms=100
    nsenter -t SERVER -n nft 'add table arp t; add chain arp t i { type filter hook input priority 0; }'
    nsenter -t SERVER -n nft 'add rule arp t i counter drop'
    synscope run -- curl http://192.0.2.2:8080/ & sleep 0.3; nsenter -t SERVER -n nft flush ruleset
"""

import time

from synscope.lab.stage.stage import Stage

NAME = "two-causes-neighbour-accept"
FINDINGS = ("slow-accept", "slow-neighbour")
IN_RECORD = ("slow-accept",)  # a record has the time of the SYN's making, not that of its device
NEEDS = ("nft", "ss")

PROBES = 2
BUSY_S = 0.4


def play(stage: Stage) -> None:
    client, server = stage.pair()
    client.sysctl("net.ipv4.neigh.eth0.retrans_time_ms", 100)
    client.sysctl("net.ipv4.neigh.eth0.mcast_solicit", 50)
    listener = server.listen(8080, accepts=False)
    deaf = server.rule("input", "arp operation request COUNTER drop", family="arp")
    attempt = client.connect((server.address, 8080), wait=False)
    stage.until(lambda: deaf.packets >= PROBES, "ARP requests that are ignored")
    asked = deaf.packets
    server.command("nft", "flush", "ruleset")
    attempt.wait()
    waiting = server.ss("-ltn", "sport = 8080")[0].split()[1]
    time.sleep(BUSY_S)  # the fault itself: a server that does something else
    listener.accept()
    stage.witness(f"nftables, chain input of the server: {asked} ARP requests dropped", asked >= PROBES)
    stage.witness(f"connect(): {attempt.error or 'connected'}", attempt.error is None)
    stage.witness(f"ss on the server before: Recv-Q {waiting} of the listener", waiting == "1")
