"""A second server binds to a port that the first one listens on.

What is built
    One host with a server that listens on port 8080.

What happens
    Another server calls bind() for the same port, which fails with EADDRINUSE: it never listens.

What one should see
    One listener, and a finding about a call: bind() that returned EADDRINUSE.

By hand
    unshare -n
    ip link set lo up
    python3 -m http.server 8080 --bind 127.0.0.1 &
    synscope run -- python3 -m http.server 8080 --bind 127.0.0.1
"""

import socket

from synscope.lab.stage.limits import errno_of
from synscope.lab.stage.sockets import Address
from synscope.lab.stage.stage import Stage

NAME = "address-in-use"
FINDINGS = ("address-in-use",)
IN_RECORD = None  # a bind() that fails leaves no record
NEEDS = ("ss",)

PORT = 8080


def play(stage: Stage) -> None:
    host = stage.host("server")
    host.listen(PORT)
    error = host.run(second_server, (host.address, PORT))
    listeners = len(host.ss("-ltn", f"sport = {PORT}"))
    stage.witness(f"bind() of the second: {error}", error == "EADDRINUSE")
    stage.witness(f"ss: {listeners} listener", listeners == 1)


def second_server(at: Address) -> str | None:
    """The errno of bind()."""
    with socket.socket() as second:
        return errno_of(second.bind, at)
