"""A server without privileges binds to a port below 1024.

What is built
    One host, and a server that runs as the user nobody.

What happens
    The server calls bind() for port 80, which fails with EACCES: that takes CAP_NET_BIND_SERVICE from
    net.ipv4.ip_unprivileged_port_start down.

What one should see
    No listener, and a finding about a call: bind() that returned EACCES.

By hand
    synscope run -- setpriv --reuid 65534 --clear-groups python3 -m http.server 80 --bind 127.0.0.1
"""

import os
import socket

from synscope.lab.stage.limits import errno_of
from synscope.lab.stage.sockets import Address
from synscope.lab.stage.stage import Stage

NAME = "permission-denied"
FINDINGS = ("permission-denied",)
IN_RECORD = None  # a bind() that fails leaves no record
NEEDS = ("ss",)

NOBODY = 65534


def play(stage: Stage) -> None:
    host = stage.host("server")
    error = host.run(unprivileged, (host.address, 80))
    listeners = len(host.ss("-ltn"))
    stage.witness(f"bind(): {error}", error == "EACCES")
    stage.witness(f"ss: {listeners} listeners", listeners == 0)


def unprivileged(at: Address) -> str | None:
    """The errno of bind() as another user."""
    with socket.socket() as server:
        os.setuid(NOBODY)
        return errno_of(server.bind, at)
