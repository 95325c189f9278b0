"""The server's answer is lost in the network between two hosts.

What is built
    Two hosts, client and server, joined by a wire that loses every SYN-ACK. The server listens on port 8080.

What happens
    The client connects, sends its SYN again after a second, and gives up; the server answers each time.

What one should see
    A request at the server and SYN-ACKs that leave its device; the client stays in SYN_SENT, and nothing on
    this host freed any of them.

By hand
    unshare -n
    ip link add eth0 type veth peer name eth1 netns SERVER
    tc qdisc add dev eth1 root netem loss 100%   (in the server's namespace)
    synscope run -- curl -m 1.5 http://192.0.2.2:8080/
"""

from synscope.lab.stage.stage import Stage
from synscope.lab.stage.wire import losing

NAME = "synack-lost"
FINDINGS = ("synack-lost",)
NEEDS = ("tun", "ss")


def play(stage: Stage) -> None:
    client, server, wire = stage.wired(losing("SA"))
    server.listen(8080)
    attempt = client.connect((server.address, 8080), timeout=1.5)
    requests = len(server.ss("-tan", "state", "syn-recv", "sport = 8080"))
    stage.witness(f"connect(): {attempt.error}", attempt.error == "timeout")
    stage.witness(f"the wire lost {wire.lost('SA')} SYN-ACKs", wire.lost("SA") > 1)
    stage.witness(f"ss on the server: {requests} socket in SYN-RECV", requests == 1)
