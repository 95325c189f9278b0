"""A thousand healthy connections of many kinds at once.

What is built
    A client and a server with a router between them, and a wire of 5 ms from the client to a third host. On
    each way a server listens on all addresses of both families.

What happens
    Ten processes connect a hundred times each, at the same time: over IPv4, over IPv6, with v4-mapped
    addresses, through the router, to themselves, over the wire; half of them with a connect() that does not
    block. The servers accept.

What one should see
    1,000 connections and not one finding.

By hand
    unshare -n
    ip link set lo up
    python3 -m http.server 8080 --bind :: &
    synscope run -- curl -s -Z -o /dev/null 'http://{127.0.0.1,[::1],[::ffff:127.0.0.1]}:8080/?[1-300]'
"""

import resource
from collections.abc import Generator
from functools import partial
from typing import Any

from synscope.lab.stage.hosts import Host
from synscope.lab.stage.sockets import Address, error_of, new_socket
from synscope.lab.stage.stage import Stage
from synscope.lab.stage.wire import delaying

NAME = "healthy-mixed"
FINDINGS = ()
NEEDS = ("ipv6", "tun")

EACH = 100
PORT = 8080
DELAY_S = 0.005


def play(stage: Stage) -> None:
    client, router, server = stage.routed()
    remote = stage.host("remote")
    stage.wire(client, remote, delaying(DELAY_S))
    resource.setrlimit(resource.RLIMIT_NOFILE, (4096, 4096))
    listeners = [host.listen(PORT, address="::", backlog=1024) for host in (server, remote)]
    ways: list[tuple[Host, str]] = [
        (client, server.address),
        (client, server.address6),
        (client, f"::ffff:{server.address}"),
        (router, server.address),
        (router, server.address6),
        (server, "127.0.0.1"),
        (server, "::1"),
        (server, server.address),
        (client, remote.address),
        (client, remote.address6),
    ]
    scripts = [partial(connects, (to, PORT), None if at % 2 else 10.0) for at, (_, to) in enumerate(ways)]
    actors = [host.act(script) for (host, _), script in zip(ways, scripts, strict=True)]
    for listener, count in zip(listeners, (8 * EACH, 2 * EACH), strict=True):
        for _ in range(count):
            listener.accept()
    errors = [error for actor in actors for error in actor.report()]
    opened = [host.counter("TcpPassiveOpens") for host in (server, remote)]
    stage.witness(f"connect(): {EACH * len(ways) - len(errors)} connected, {len(errors)} errors", not errors)
    stage.witness(f"/proc/net/snmp of the servers: PassiveOpens {opened}", opened == [8 * EACH, 2 * EACH])


def connects(to: Address, timeout: float | None) -> Generator[Any, Any, None]:
    """A client's script: connects `EACH` times, reports the errors, keeps the connections."""
    kept = [new_socket(to) for _ in range(EACH)]
    for one in kept:
        one.settimeout(timeout)
    yield [error for error in (error_of(one, to) for one in kept) if error]
