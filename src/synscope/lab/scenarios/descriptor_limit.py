"""The server's process has no descriptor left when it calls accept().

What is built
    Two hosts, client and server, joined by a veth link. The server listens on port 8080; then its limit of
    open files (RLIMIT_NOFILE) is lowered to what it has open.

What happens
    The client connects. The server calls accept(), which fails with EMFILE; the connection stays in the
    queue.

What one should see
    A connection that is queued and not accepted, and an accept4() that returned EMFILE meanwhile.

By hand
    unshare -n
    ip link set lo up
    synscope run -- python3 -c 'import resource, socket; s = socket.create_server(("127.0.0.1", 8080))
    c = socket.create_connection(("127.0.0.1", 8080))
    resource.setrlimit(resource.RLIMIT_NOFILE, (c.fileno() + 1,) * 2); s.accept()'
"""

import socket
from collections.abc import Generator
from typing import Any

from synscope.lab.stage.limits import errno_of, out_of_descriptors
from synscope.lab.stage.stage import Stage

NAME = "descriptor-limit"
FINDINGS = ("descriptor-limit",)
IN_RECORD = None  # the errno of accept() is not in a record
NEEDS = ("ss",)

PORT = 8080


def play(stage: Stage) -> None:
    client, server = stage.pair()
    program = server.act(full_server)
    program.report()
    attempt = client.connect((server.address, PORT))
    error = program.ask()
    waiting = server.ss("-ltn", f"sport = {PORT}")[0].split()[1]
    stage.witness(f"connect(): {attempt.error or 'connected'}", attempt.error is None)
    stage.witness(f"accept(): {error}", error == "EMFILE")
    stage.witness(f"ss on the server: Recv-Q {waiting} of the listener", waiting == "1")


def full_server() -> Generator[Any, Any, None]:
    """Listens; accepts on order, when it can open nothing more; reports the errno of accept()."""
    with socket.create_server(("", PORT)) as listening:
        out_of_descriptors()
        yield None
        yield errno_of(listening.accept)
