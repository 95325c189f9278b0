"""A router finds no neighbour for the address, and says so by ICMP.

What is built
    Two hosts, client and server, and a router between them, which asks for neighbours every 100 ms.

What happens
    The client connects to 198.51.100.77, which nobody has. The router frees the SYN when its third ARP
    request had no answer, and sends ICMP host-unreachable; connect() fails with EHOSTUNREACH.

What one should see
    A SYN that left the client, freed for want of a neighbour in the router's network namespace.

By hand
    unshare -n
    ip link add eth0 type veth peer name eth1 netns ROUTER
    ip route add default via 192.0.2.2
    synscope run -- curl http://198.51.100.77/
"""

from synscope.lab.stage.stage import Stage

NAME = "neighbour-unresolved-router"
FINDINGS = ("icmp-unreachable",)
IN_RECORD = ("neighbour-unresolved",)  # a record does not say on whose host the SYN was freed


def play(stage: Stage) -> None:
    client, router, _ = stage.routed()
    router.sysctl("net.ipv4.neigh.eth1.retrans_time_ms", 100)
    attempt = client.connect(("198.51.100.77", 8080))
    told = client.counter("IcmpInDestUnreachs")
    stage.witness(f"connect(): {attempt.error}", attempt.error == "EHOSTUNREACH")
    stage.witness(f"/proc/net/snmp of the client: Icmp InDestUnreachs {told}", told >= 1)
