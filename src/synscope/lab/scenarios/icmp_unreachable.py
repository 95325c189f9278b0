"""A router has no way to the host, and says so.

What is built
    Two hosts, client and router, joined by a wire that takes 20 ms; the router is the client's way to
    198.51.100.0/24, for which it has a route of type unreachable.

What happens
    The client connects to 198.51.100.7. The router frees the SYN and answers with ICMP host-unreachable.
    connect() waits by then and no longer has the socket: the error is hard, and connect() returns
    EHOSTUNREACH at once.

What one should see
    A SYN that the router frees (ip_error), and a socket that tcp_v4_err closes.

By hand
    unshare -n
    ip link add eth0 type veth peer name eth1 netns ROUTER
    ip route add default via 192.0.2.2
    nsenter -t ROUTER -n ip route add unreachable 198.51.100.0/24
    synscope run -- curl http://198.51.100.7/
"""

from synscope.lab.stage.stage import Stage
from synscope.lab.stage.wire import delaying

NAME = "icmp-unreachable"
FINDINGS = ("icmp-unreachable",)
NEEDS = ("tun",)

DELAY_S = 0.02


def play(stage: Stage) -> None:
    client, router = stage.host("client"), stage.host("router")
    wire = stage.wire(client, router, delaying(DELAY_S))
    client.ip(f"route add default via {router.address}")
    router.sysctl("net.ipv4.ip_forward", 1)
    router.ip("route add unreachable 198.51.100.0/24")
    attempt = client.connect(("198.51.100.7", 8080))
    unreachable = client.counter("IcmpInDestUnreachs")
    stage.witness(f"connect(): {attempt.error}", attempt.error == "EHOSTUNREACH")
    stage.witness(f"/proc/net/snmp of the client: Icmp InDestUnreachs {unreachable}", unreachable == 1)
    stage.witness(f"the wire carried {len(wire.seen('S'))} SYN", len(wire.seen("S")) == 1)
