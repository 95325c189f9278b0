"""The server's program leaves a finished connection in its accept queue.

What is built
    Two hosts, client and server, joined by a veth link. The server listens on port 8080.

What happens
    The client connects, at once. The server's program does something else for half a second before it calls
    accept().

What one should see
    A handshake without any delay, then half a second between queued and accepted.

By hand
    unshare -n
    ip link set lo up
    synscope run -- python3 -c 'import socket, time; s = socket.create_server(("127.0.0.1", 8080))
    c = socket.create_connection(("127.0.0.1", 8080)); time.sleep(0.5); s.accept()'
"""

import time

from synscope.lab.stage.stage import Stage

NAME = "slow-accept"
FINDINGS = ("slow-accept",)
NEEDS = ("ss",)

BUSY_S = 0.5


def play(stage: Stage) -> None:
    client, server = stage.pair()
    listener = server.listen(8080, accepts=False)
    attempt = client.connect((server.address, 8080))
    time.sleep(BUSY_S)  # the fault itself: a program that is busy
    waiting = server.ss("-ltn", "sport = 8080")[0].split()[1]
    listener.accept()
    left = server.ss("-ltn", "sport = 8080")[0].split()[1]
    stage.witness(f"connect(): {attempt.error or 'connected'}", attempt.error is None)
    stage.witness(f"ss on the server after {BUSY_S:g} s: Recv-Q {waiting} of the listener", waiting == "1")
    stage.witness(f"ss on the server after accept(): Recv-Q {left}", left == "0")
