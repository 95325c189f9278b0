"""Nothing listens on the port: the server's kernel answers with an RST.

What is built
    Two hosts, client and server, joined by a veth link. Nothing listens on the server.

What happens
    The client connects to port 8080 and is refused at once.

What one should see
    The SYN arrives, tcp_v4_rcv finds no socket for it (NO_SOCKET) and answers with an RST; connect() returns
    ECONNREFUSED.

By hand
    unshare -n
    ip link set lo up
    synscope run -- curl http://127.0.0.1:8080/
"""

from synscope.lab.stage.stage import Stage

NAME = "refused-no-listener"
FINDINGS = ("refused-no-listener",)


def play(stage: Stage) -> None:
    client, server = stage.pair()
    attempt = client.connect((server.address, 8080))
    resets = server.counter("TcpOutRsts")
    stage.witness(f"connect(): {attempt.error}", attempt.error == "ECONNREFUSED")
    stage.witness(f"/proc/net/snmp of the server: Tcp OutRsts {resets}", resets == 1)
