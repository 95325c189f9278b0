"""The server's Fast Open key has changed: the client's cookie is no longer valid.

What is built
    Two hosts, client and server, joined by a veth link, with net.ipv4.tcp_fastopen on. The server listens on
    port 8080 and takes data with the SYN.

What happens
    A first connection gets a cookie. The server's key changes, as behind a load balancer without a common
    key; the second connection sends its data and the old cookie with the SYN, and the server takes the SYN
    alone. The data is sent again.

What one should see
    A SYN with data and a SYN-ACK that acknowledges ISN + 1, with a new cookie.

By hand
    unshare -n
    ip link set lo up
    sysctl -w net.ipv4.tcp_fastopen=3
    synscope run -- sh -c 'curl --tcp-fastopen http://127.0.0.1:8080/
    sysctl -w net.ipv4.tcp_fastopen_key=00000001-00000001-00000001-00000001
    curl --tcp-fastopen http://127.0.0.1:8080/'
"""

import socket
from collections.abc import Generator
from typing import Any

from synscope.lab.stage.sockets import Address
from synscope.lab.stage.stage import Stage

NAME = "fastopen-refused"
FINDINGS = ("fastopen-refused",)
IN_RECORD = None  # a record has no options of Fast Open

TAKES = ((socket.IPPROTO_TCP, socket.TCP_FASTOPEN, 16),)


def play(stage: Stage) -> None:
    client, server = stage.pair()
    for host in (client, server):
        host.sysctl("net.ipv4.tcp_fastopen", 3)
    server.sysctl("net.ipv4.tcp_fastopen_key", "-".join(["00000001"] * 4))
    listener = server.listen(8080, options=TAKES)
    program = client.act(lambda: twice((server.address, 8080)))
    program.report()
    listener.accept()
    server.sysctl("net.ipv4.tcp_fastopen_key", "-".join(["00000002"] * 4))
    program.ask()
    listener.accept()
    refused = server.counter("TcpExtTCPFastOpenPassiveFail")
    sent = client.counter("TcpExtTCPFastOpenActiveFail")
    stage.witness(f"/proc/net/netstat of the server: TCPFastOpenPassiveFail {refused}", refused == 1)
    stage.witness(f"/proc/net/netstat of the client: TCPFastOpenActiveFail {sent}", sent == 1)


def twice(to: Address) -> Generator[Any, Any, None]:
    """Connects with data in the SYN, and again on order."""
    kept = []
    for _ in range(2):
        kept.append(socket.socket())
        kept[-1].sendto(b"hello", socket.MSG_FASTOPEN, to)
        yield None
