"""A socket connects to itself.

What is built
    One host, with nobody listening on port 40000, which is in the range that the kernel takes local ports
    from: here it is the only one (net.ipv4.ip_local_port_range).

What happens
    The client connects to 127.0.0.1:40000. The kernel takes 40000 as its local port too; the SYN comes back
    to the socket that sent it, and TCP's simultaneous open makes a connection of it.

What one should see
    One socket with the same address at both ends: SYN_SENT, SYN_RECV, ESTABLISHED; no server.

By hand
    unshare -n
    ip link set lo up
    sysctl -w net.ipv4.ip_local_port_range="40000 40000"
    synscope run -- nc 127.0.0.1 40000
"""

from synscope.lab.stage.stage import Stage

NAME = "self-connect"
FINDINGS = ("self-connect",)
NEEDS = ("ss",)

PORT = 40000


def play(stage: Stage) -> None:
    host = stage.host("client")
    host.sysctl("net.ipv4.ip_local_port_range", f"{PORT} {PORT}")
    to = (host.address, PORT)
    attempt = host.connect(to)
    listeners = len(host.ss("-ltn"))
    stage.witness(f"connect(): {attempt.error or 'connected'}", attempt.error is None)
    stage.witness("getsockname(): {}:{}".format(*attempt.local), attempt.local == to)
    stage.witness(f"ss: {listeners} listeners", listeners == 0)
