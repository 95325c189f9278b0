"""A router says once that it has no way to the host, while connect() has the socket; TCP goes on.

What is built
    Two hosts, client and router, joined by a veth link; the router is the client's way to 198.51.100.0/24,
    for which it has a route of type unreachable. It sends the same host an ICMP error every three seconds
    at most (net.ipv4.icmp_ratelimit).

What happens
    The client connects to 198.51.100.7. The ICMP error comes back while connect() is still sending and has
    the socket: it is only noted. The SYN is sent again once (net.ipv4.tcp_syn_retries is 1 here), the router
    is silent, and when TCP gives up, connect() returns the noted EHOSTUNREACH instead of ETIMEDOUT.

What one should see
    An error noted (sk_err_soft) at the first SYN, a second SYN, and a socket that the retransmission timer
    closes.

By hand
    unshare -n
    ip link add eth0 type veth peer name eth1 netns ROUTER
    ip route add default via 192.0.2.2
    nsenter -t ROUTER -n sysctl -w net.ipv4.icmp_ratelimit=3000
    nsenter -t ROUTER -n ip route add unreachable 198.51.100.0/24
    synscope run -- curl http://198.51.100.7/
"""

from synscope.lab.stage.stage import Stage

NAME = "icmp-soft-error"
FINDINGS = ("icmp-soft-error",)
IN_RECORD = ("icmp-unreachable",)  # what ended it is in a stack alone

INTERVAL_MS = 3_000


def play(stage: Stage) -> None:
    client, router = stage.host("client"), stage.host("router")
    stage.link(client, router)
    client.give_up_after(retries=1)
    client.ip(f"route add default via {router.address}")
    router.sysctl("net.ipv4.ip_forward", 1)
    router.sysctl("net.ipv4.icmp_ratelimit", INTERVAL_MS)
    router.ip("route add unreachable 198.51.100.0/24")
    attempt = client.connect(("198.51.100.7", 8080))
    unreachable, resent = client.counter("IcmpInDestUnreachs"), client.counter("TcpRetransSegs")
    timeouts = client.counter("TcpExtTCPAbortOnTimeout")
    stage.witness(f"connect(): {attempt.error}", attempt.error == "EHOSTUNREACH")
    stage.witness(f"/proc/net/snmp of the client: Icmp InDestUnreachs {unreachable}", unreachable == 1)
    stage.witness(f"/proc/net/snmp of the client: Tcp RetransSegs {resent}", resent == 1)
    stage.witness(f"/proc/net/netstat of the client: TCPAbortOnTimeout {timeouts}", timeouts == 1)
