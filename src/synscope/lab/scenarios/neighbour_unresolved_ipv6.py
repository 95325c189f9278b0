"""No neighbour answers for the address, over IPv6.

What is built
    Two hosts, client and server, joined by a veth link. The client asks for neighbours every 100 ms.

What happens
    The client connects to 2001:db8::77, which nobody has. After three neighbour solicitations the kernel
    frees the SYN and connect() fails with EHOSTUNREACH.

What one should see
    A SYN that no device was given, freed in neigh_invalidate, which names no reason over IPv6.

By hand
    unshare -n
    ip link add eth0 type veth peer name eth1
    ip address add 2001:db8::1/64 dev eth0 nodad; ip link set eth0 up; ip link set eth1 up
    synscope run -- curl 'http://[2001:db8::77]/'
"""

from synscope.lab.stage.stage import Stage

NAME = "neighbour-unresolved-ipv6"
FINDINGS = ("neighbour-unresolved",)
NEEDS = ("ipv6",)

NOBODY = "2001:db8::77"


def play(stage: Stage) -> None:
    client, _ = stage.pair()
    client.sysctl("net.ipv6.neigh.eth0.retrans_time_ms", 100)
    attempt = client.connect((NOBODY, 8080))
    neighbours = client.command("ip", "-6", "neigh", "show", NOBODY)
    stage.witness(f"connect(): {attempt.error}", attempt.error == "EHOSTUNREACH")
    stage.witness(f"ip neigh: {neighbours.strip() or 'no entry'}", "FAILED" in neighbours)
