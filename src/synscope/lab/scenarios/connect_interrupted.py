"""A signal interrupts connect(), which goes on in the kernel.

What is built
    Two hosts, client and server, joined by a wire on which each packet takes 300 ms. The server listens on
    port 8080.

What happens
    The client calls connect(); after 100 ms a timer's signal comes (setitimer), and connect() returns to the
    program's handler with EINTR. The program waits until the socket is connected.

What one should see
    A connect() that returns in SYN_SENT, before the SYN-ACK is there, and a connection nevertheless.

By hand
    unshare -n
    ip link set lo up
    tc qdisc add dev lo root netem delay 300ms
    python3 -m http.server 8080 --bind 127.0.0.1 &
    synscope run -- python3 -c 'import signal, socket; signal.signal(signal.SIGALRM, lambda *_: None)
    signal.setitimer(signal.ITIMER_REAL, 0.1); socket.create_connection(("127.0.0.1", 8080))'
"""

import signal
import socket
import time
from collections.abc import Generator
from typing import Any

from synscope.lab.stage.sockets import Address, error_of
from synscope.lab.stage.stage import Stage
from synscope.lab.stage.wire import delaying

NAME = "connect-interrupted"
FINDINGS = ("connect-interrupted",)
IN_RECORD = None  # what connect() returned is not in a record
NEEDS = ("tun", "ss")

DELAY_S = 0.3
ALARM_S = 0.1


def play(stage: Stage) -> None:
    client, server, wire = stage.wired(delaying(DELAY_S))
    listener = server.listen(8080)
    alarms, error = client.act(lambda: interrupted((server.address, 8080))).report()
    listener.accept()
    connections = len(client.ss("-tn", "state", "established", "dport = 8080"))
    syns = len(wire.seen("S"))
    after = [round(one, 2) for one in alarms]
    stage.witness(f"the handler of SIGALRM ran {after} s after connect() began", after[0] < 2 * DELAY_S)
    stage.witness(f"connect() in the end: {error or 'connected'}", error is None)
    stage.witness(f"ss on the client: {connections} connection", connections == 1)
    stage.witness(f"the wire carried {syns} SYN", syns == 1)


def interrupted(to: Address) -> Generator[Any, Any, None]:
    """connect() under a timer; Python calls it to its end by itself (PEP 475)."""
    alarms: list[float] = []
    with socket.socket() as client:
        begun = time.monotonic()
        signal.signal(signal.SIGALRM, lambda *_: alarms.append(time.monotonic() - begun))
        signal.setitimer(signal.ITIMER_REAL, ALARM_S)
        error = error_of(client, to)
        yield alarms, error
