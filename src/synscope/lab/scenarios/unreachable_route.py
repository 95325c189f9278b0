"""A route of type unreachable covers the address.

What is built
    One host, with a default route and a route of type unreachable for 198.51.100.0/24.

What happens
    The client connects to 198.51.100.7; the route lookup fails, and so does connect(), at once.

What one should see
    EHOSTUNREACH from the route lookup, before a port is chosen; no SYN.

By hand
    unshare -n
    ip link set lo up
    ip route add unreachable 198.51.100.0/24
    synscope run -- curl http://198.51.100.7/
"""

from synscope.lab.stage.stage import Stage

NAME = "unreachable-route"
FINDINGS = ("unreachable-route",)
IN_RECORD = ("connect-failed",)


def play(stage: Stage) -> None:
    client, server = stage.pair()
    client.ip(f"route add default via {server.address}", "route add unreachable 198.51.100.0/24")
    attempt = client.connect(("198.51.100.7", 8080))
    sent = client.counter("TcpOutSegs")
    route = client.command("ip", "route", "show", "type", "unreachable").strip()
    stage.witness(f"connect(): {attempt.error}", attempt.error == "EHOSTUNREACH")
    stage.witness(f"ip route: {route}", route == "unreachable 198.51.100.0/24")
    stage.witness(f"/proc/net/snmp of the client: Tcp OutSegs {sent}", sent == 0)
