"""The client's process has no descriptor left for a socket.

What is built
    One host. The client's limit of open files (RLIMIT_NOFILE) is lowered to what it has open.

What happens
    The client calls socket(), which fails with EMFILE: it never comes to a connect().

What one should see
    No connection at all, and a finding about a call: socket() that returned EMFILE.

By hand
    synscope run -- sh -c 'ulimit -n 3; exec 3</dev/null; nc 127.0.0.1 8080'
"""

import resource
import socket

from synscope.lab.stage.limits import errno_of, out_of_descriptors
from synscope.lab.stage.stage import Stage

NAME = "descriptor-limit-socket"
FINDINGS = ("descriptor-limit",)
IN_RECORD = None  # a socket() that fails leaves no record


def play(stage: Stage) -> None:
    error, limit = stage.host("client").run(full_client)
    stage.witness(f"socket(): {error}", error == "EMFILE")
    stage.witness(f"getrlimit(): {limit} descriptors, one fewer than needed", limit > 0)


def full_client() -> tuple[str | None, int]:
    """The errno of socket(), and the limit that it met."""
    out_of_descriptors()
    error = errno_of(socket.socket, socket.AF_INET, socket.SOCK_STREAM)
    return error, resource.getrlimit(resource.RLIMIT_NOFILE)[0]
