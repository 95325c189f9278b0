"""Ports used again and again: the pairs that are made are those that the processes report, no more, no fewer.

The truth is told over each connection itself: the client sends its socket's cookie (SO_COOKIE), and
the server reports it beside its own.
"""

from collections import Counter
from contextlib import ExitStack
from pathlib import Path
from typing import Literal

import pytest

from support.namespaces import Namespace
from support.prelude import client, cookie, hear, listen, reset_on_close, say
from support.scripts import running
from support.tracing import Taken, complete, of_cgroup, tracing

pytestmark = pytest.mark.needs_kernel

PORTS = 8
CLIENTS = 3
# Where servers listen, and how clients call them: IPv4, IPv6, and v4-mapped to a dual-stack socket.
SERVERS = [("127.0.0.1", "127.0.0.1", 7001), ("::1", "::1", 7002), ("::", "::ffff:127.0.0.1", 7003)]


def serve(address: str, port: int, count: int) -> None:
    """Accept `count` connections; report each as the client's cookie, the server's, and the client's port."""
    listener = listen(address, port)
    pairs = []
    say()
    for _ in range(count):
        passive, peer = listener.accept()
        told = passive.recv(8)
        pairs.append((int.from_bytes(told, "little"), cookie(passive), peer[1]))
        passive.sendall(told)
        passive.close()
    say(pairs=pairs)
    hear()


def call(targets: list[tuple[str, int]], rounds: int) -> None:
    """Call each target in turn, tell it our cookie, and close with an RST once it has answered."""
    say()
    for _ in range(rounds):
        for address, port in targets:
            active = client(address)
            reset_on_close(active)
            active.connect((address, port))
            active.sendall(cookie(active).to_bytes(8, "little"))
            assert len(active.recv(8)) == 8
            active.close()
    say()
    hear()


def churn(namespace: Namespace, cgroup: Path, rounds: int) -> list[tuple[int, int, int]]:
    """Every pair of cookies, with the port, of CLIENTS × SERVERS × `rounds` connections."""
    namespace.run("sysctl", "-qw", f"net.ipv4.ip_local_port_range=20000 {20000 + PORTS - 1}")
    targets = [(address, port) for _, address, port in SERVERS]
    with ExitStack() as stack:

        def start(workload, *words):
            script = running(workload, *words, namespace=namespace, cgroup=cgroup)
            return stack.enter_context(script)

        servers = [start(serve, address, port, CLIENTS * rounds) for address, _, port in SERVERS]
        clients = [start(call, targets[n:] + targets[:n], rounds) for n in range(CLIENTS)]
        for each in clients:
            each.read(1)
        return [tuple(pair) for server in servers for pair in server.read(1)[0]["pairs"]]


def paired(taken: Taken) -> list[tuple[int | None, int | None, int | None]]:
    return [
        (
            one.client.cookie if one.client else None,
            one.server.cookie if one.server else None,
            one.client.port if one.client else None,
        )
        for one in taken.connections()
    ]


@pytest.mark.parametrize(("detail", "rounds"), [("record", 600), ("path", 150)])
def test_not_one_false_pair(netns, cgroup, detail: Literal["record", "path"], rounds):
    with tracing(of_cgroup(cgroup, detail)) as taken:
        truth = churn(netns, cgroup, rounds)
    uses = Counter(port for _, _, port in truth)
    assert len(truth) == CLIENTS * len(SERVERS) * rounds
    assert set(uses) <= set(range(20000, 20000 + PORTS))
    assert complete(taken.trace), taken.trace.footer.lost
    pairs = paired(taken)
    assert Counter(pairs) == Counter(truth)
    assert len(set(pairs)) == len(pairs)
