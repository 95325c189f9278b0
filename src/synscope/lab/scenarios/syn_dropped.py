"""The router between client and server does not forward.

What is built
    A client and a server, and a host between them that both have as their default route, but whose
    net.ipv4.ip_forward is 0. The server listens on port 8080.

What happens
    The client connects. Its SYN reaches the router, which takes it for a packet that is not its own, and
    frees it; TCP sends it again once and gives up (net.ipv4.tcp_syn_retries is 1 here).

What one should see
    SYNs that come to the router's device, are freed there, and never reach the server.

By hand
    ip netns add router
    unshare -n
    ip link add eth0 type veth peer name eth0 netns router
    ip address add 192.0.2.1/24 dev eth0; ip link set eth0 up
    ip -n router address add 192.0.2.2/24 dev eth0; ip -n router link set eth0 up
    ip route add default via 192.0.2.2
    synscope run -- curl -m 1.5 http://198.51.100.1:8080/
    ip netns delete router
"""

from synscope.lab.stage.stage import Stage

NAME = "syn-dropped"
FINDINGS = ("syn-dropped",)


def play(stage: Stage) -> None:
    client, router, server = stage.routed()
    router.sysctl("net.ipv4.ip_forward", 0)
    client.give_up_after(retries=1)
    server.listen(8080)
    attempt = client.connect((server.address, 8080))
    refused, forwarded = (router.counter(f"Ip{name}") for name in ("InAddrErrors", "ForwDatagrams"))
    received = server.counter("TcpInSegs")
    stage.witness(f"connect(): {attempt.error}", attempt.error == "ETIMEDOUT")
    stage.witness(f"/proc/net/snmp of the router: Ip InAddrErrors {refused}", refused == 2)
    stage.witness(f"/proc/net/snmp of the router: Ip ForwDatagrams {forwarded}", forwarded == 0)
    stage.witness(f"/proc/net/snmp of the server: Tcp InSegs {received}", received == 0)
