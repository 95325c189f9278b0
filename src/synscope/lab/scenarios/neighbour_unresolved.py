"""No host on the link has the address: nobody answers ARP.

What is built
    Two hosts, client and server, joined by a veth link; 192.0.2.77 is on that link, and nobody's.

What happens
    The client connects to 192.0.2.77. The kernel asks for its link-layer address (ARP) three times, a second
    apart, holds the SYN meanwhile, and then tells the socket that the host cannot be reached.

What one should see
    SYNs that no device ever has: neigh_invalidate frees them (NEIGH_FAILED); connect() returns
    EHOSTUNREACH.

By hand
    unshare -n
    ip link set lo up
    ip link add eth0 type veth peer name eth1
    ip address add 192.0.2.1/24 dev eth0; ip link set eth0 up; ip link set eth1 up
    synscope run -- curl http://192.0.2.77/
    ip neighbour
"""

from synscope.lab.stage.stage import Stage

NAME = "neighbour-unresolved"
FINDINGS = ("neighbour-unresolved",)


def play(stage: Stage) -> None:
    client, _ = stage.pair()
    client.sysctl("net.ipv4.neigh.eth0.retrans_time_ms", 300)
    attempt = client.connect(("192.0.2.77", 80))
    state = client.command("ip", "neighbour", "show", "192.0.2.77").split()[-1]
    stage.witness(f"connect(): {attempt.error}", attempt.error == "EHOSTUNREACH")
    stage.witness(f"ip neighbour: 192.0.2.77 {state}", state == "FAILED")
