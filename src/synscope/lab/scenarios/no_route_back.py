"""The server has no route back to the client, and so ignores its SYN.

What is built
    A client and a server with a router between them. The server listens on port 8080; it has no default
    route, and none to the client's network.

What happens
    The client connects. Its SYN reaches the server, whose TCP finds no route for an answer and forgets the
    SYN; the client sends it again once and gives up (net.ipv4.tcp_syn_retries is 1 here).

What one should see
    SYNs that come to the server's device and of which no request is made, though both of the listener's
    queues have room.

By hand
    ip netns add server
    unshare -n
    ip link add eth0 type veth peer name eth0 netns server
    ip address add 192.0.2.1/24 dev eth0; ip address add 203.0.113.1/32 dev eth0; ip link set eth0 up
    ip -n server address add 192.0.2.2/24 dev eth0; ip -n server link set eth0 up
    ip netns exec server python3 -m http.server 8080 &
    synscope run -- curl -m 1.5 --interface 203.0.113.1 http://192.0.2.2:8080/
    ip netns delete server
"""

from synscope.lab.stage.stage import Stage

NAME = "no-route-back"
FINDINGS = ("syn-ignored",)
IN_RECORD = ("syn-lost",)


def play(stage: Stage) -> None:
    client, _, server = stage.routed()
    server.ip("route delete default")
    for name in ("all", "default", "eth0"):
        server.sysctl(f"net.ipv4.conf.{name}.rp_filter", 0)  # else it would be freed before TCP
    client.give_up_after(retries=1)
    server.listen(8080)
    attempt = client.connect((server.address, 8080))
    received, unrouted = server.counter("TcpInSegs"), server.counter("IpOutNoRoutes")
    stage.witness(f"connect(): {attempt.error}", attempt.error == "ETIMEDOUT")
    stage.witness(f"/proc/net/snmp of the server: Tcp InSegs {received}", received == 2)
    stage.witness(f"/proc/net/snmp of the server: Ip OutNoRoutes {unrouted}", unrouted >= 2)
