"""The client connects to the broadcast address of its network.

What is built
    Two hosts, client and server, joined by a veth link of 192.0.2.0/24.

What happens
    The client connects to 192.0.2.255. There is a route, but TCP has no broadcast: connect() fails with
    ENETUNREACH, at once.

What one should see
    A route lookup that finds a route, and connect() that fails nevertheless; no SYN.

By hand
    unshare -n
    ip link add eth0 type veth peer name eth1
    ip address add 192.0.2.1/24 dev eth0; ip link set eth0 up; ip link set eth1 up
    synscope run -- nc 192.0.2.255 8080
"""

from synscope.lab.stage.stage import Stage

NAME = "invalid-argument"
FINDINGS = ("invalid-argument",)
IN_RECORD = ("connect-failed",)

BROADCAST = "192.0.2.255"


def play(stage: Stage) -> None:
    client, _ = stage.pair()
    attempt = client.connect((BROADCAST, 8080))
    route = client.command("ip", "route", "get", BROADCAST).splitlines()[0].strip()
    sent = client.counter("TcpOutSegs")
    stage.witness(f"connect(): {attempt.error}", attempt.error == "ENETUNREACH")
    stage.witness(f"ip route get: {route}", route.startswith("broadcast"))
    stage.witness(f"/proc/net/snmp of the client: Tcp OutSegs {sent}", sent == 0)
