"""A client connects again from the port of a connection that is in TIME_WAIT.

What is built
    Two hosts, client and server, joined by a veth link. The server listens on port 8080.

What happens
    The client connects from port 40000 and closes first, so that its end stays in TIME_WAIT. It then connects
    from the same port again: with timestamps, connect() may take the four numbers over (tcp_twsk_unique).

What one should see
    Two connections with the same four numbers and no finding. The second one's SYN echoes the timestamp that
    the first one had last received: RFC 7323 advises against it, and does not forbid it.

By hand
    unshare -n
    ip link set lo up
    python3 -m http.server 8080 --bind 127.0.0.1 &
    for n in 1 2; do
      synscope run -- socat -u /dev/null TCP:127.0.0.1:8080,sourceport=40000,reuseaddr
    done
"""

import socket
from collections.abc import Generator

from synscope.lab.stage.sockets import new_socket
from synscope.lab.stage.stage import Stage

NAME = "healthy-time-wait"
FINDINGS = ()
NEEDS = ("nft", "ss")

PORT = 40000
REUSE = ((socket.SOL_SOCKET, socket.SO_REUSEADDR, 1),)


def play(stage: Stage) -> None:
    client, server = stage.pair()
    serving = server.act(serve)
    serving.report()
    echoing = server.rule("input", "tcp flags syn tcp option timestamp tsecr != 0 COUNTER")
    to, source = (server.address, 8080), (client.address, PORT)
    first = client.connect(to, source=source, options=REUSE)
    serving.ask()
    first.close()
    serving.ask()
    stage.until(lambda: bool(client.ss("-tan", "state", "time-wait")), "the client is in TIME_WAIT")
    second = client.connect(to, source=source, options=REUSE)
    serving.ask()
    errors = [first.error, second.error]
    stage.witness(f"connect() of both: {errors}", errors == [None, None])
    stage.witness(f"nftables, at the server: {echoing.packets} SYN that echoes", echoing.packets == 1)


def serve() -> Generator[None, None, None]:
    """Accepts, and closes when the peer has closed: each in turn, when it is told."""
    with new_socket(("", 8080)) as listening:
        listening.bind(("", 8080))
        listening.listen()
        while True:
            yield
            connection, _ = listening.accept()
            yield
            connection.recv(1)
            connection.close()
