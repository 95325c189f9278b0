"""The client has no route to the address.

What is built
    One host, with loopback alone and no default route.

What happens
    The client connects to 203.0.113.1; connect() fails at once.

What one should see
    ENETUNREACH from the route lookup, before a port is chosen; no SYN.

By hand
    unshare -n
    ip link set lo up
    synscope run -- curl http://203.0.113.1/
"""

from synscope.lab.stage.stage import Stage

NAME = "no-route"
FINDINGS = ("no-route",)
IN_RECORD = ("connect-failed",)


def play(stage: Stage) -> None:
    client = stage.host("client")
    attempt = client.connect(("203.0.113.1", 80))
    unrouted = client.counter("IpOutNoRoutes")
    routes = client.command("ip", "route").strip()
    stage.witness(f"connect(): {attempt.error}", attempt.error == "ENETUNREACH")
    stage.witness(f"/proc/net/snmp of the client: Ip OutNoRoutes {unrouted}", unrouted > 0)
    stage.witness(f"ip route: {routes or 'none'}", not routes)
