"""The SYN is lost in the network between two hosts.

What is built
    Two hosts, client and server, joined by a wire that loses every SYN. The server listens on port 8080.

What happens
    The client connects; TCP sends the SYN again once and gives up (net.ipv4.tcp_syn_retries is 1 here).

What one should see
    SYNs that leave by a device and arrive nowhere; nothing on this host freed them.

By hand
    unshare -n
    ip link add eth0 type veth peer name eth1
    ip address add 192.0.2.1/24 dev eth0; ip link set eth0 up; ip link set eth1 up
    ip neighbour add 192.0.2.2 lladdr 02:00:00:00:00:02 dev eth0
    synscope run -- curl -m 1.5 http://192.0.2.2:8080/
"""

from synscope.lab.stage.stage import Stage
from synscope.lab.stage.wire import losing

NAME = "syn-lost"
FINDINGS = ("syn-lost",)
NEEDS = ("tun",)


def play(stage: Stage) -> None:
    client, server, wire = stage.wired(losing("S"))
    client.give_up_after(retries=1)
    server.listen(8080)
    attempt = client.connect((server.address, 8080))
    received = server.counter("TcpInSegs")
    stage.witness(f"connect(): {attempt.error}", attempt.error == "ETIMEDOUT")
    stage.witness(f"the wire lost {wire.lost('S')} SYNs", wire.lost("S") == 2)
    stage.witness(f"/proc/net/snmp of the server: Tcp InSegs {received}", received == 0)
