"""A thousand connections, one after the other, all as they should be.

What is built
    Two hosts, client and server, joined by a veth link. The server listens on port 8080, with a backlog
    that takes all of them.

What happens
    One client opens 1,000 connections and keeps them; the server accepts each.

What one should see
    1,000 connections, counts and percentiles instead of ladders, and not one finding.

By hand
    unshare -n
    ip link set lo up
    python3 -m http.server 8080 --bind 127.0.0.1 &
    synscope run -- curl -s -o /dev/null 'http://127.0.0.1:8080/?[1-1000]'
"""

import resource
from collections.abc import Generator
from typing import Any

from synscope.lab.stage.sockets import Address, error_of, new_socket
from synscope.lab.stage.stage import Stage

NAME = "healthy-thousand"
FINDINGS = ()

COUNT = 1000


def play(stage: Stage) -> None:
    client, server = stage.pair()
    resource.setrlimit(resource.RLIMIT_NOFILE, (2 * COUNT, 2 * COUNT))
    listener = server.listen(8080, backlog=COUNT)
    clients = client.act(lambda: many((server.address, 8080)))
    peers = {listener.accept() for _ in range(COUNT)}
    errors = clients.report()
    stage.witness(f"connect(): {COUNT - len(errors)} connected, {len(errors)} errors", not errors)
    stage.witness(f"accept() gave the server {len(peers)} connections", len(peers) == COUNT)


def many(to: Address) -> Generator[Any, Any, None]:
    """A client's script: connects so often, reports the errors, keeps the connections."""
    kept = [new_socket(to) for _ in range(COUNT)]
    errors = [error_of(one, to) for one in kept]
    yield [error for error in errors if error]
