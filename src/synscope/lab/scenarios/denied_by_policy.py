"""A BPF program on the client's cgroup refuses connect().

What is built
    One host with a server that listens on port 8080, and a cgroup of its own for the client, with a BPF
    program on its hook connect4 that refuses, as container networks and systemd attach them.

What happens
    The client connects; connect() fails with EPERM, at once.

What one should see
    The hook cgroup/connect4, which ran, and connect() that returns EPERM: no route lookup, no SYN.

By hand
    mkdir /sys/fs/cgroup/denied
    bpftool prog load deny.bpf.o /sys/fs/bpf/deny; bpftool cgroup attach /sys/fs/cgroup/denied connect4 \
pinned /sys/fs/bpf/deny
    synscope run -- sh -c 'echo $$ > /sys/fs/cgroup/denied/cgroup.procs; nc 127.0.0.1 8080'
"""

import os
import socket
from pathlib import Path

from synscope.kernel import cgroups
from synscope.lab.stage.limits import errno_of
from synscope.lab.stage.policies import refuse_connect
from synscope.lab.stage.sockets import Address
from synscope.lab.stage.stage import Stage

NAME = "denied-by-policy"
FINDINGS = ("denied-by-policy",)
IN_RECORD = ("connect-failed",)


def play(stage: Stage) -> None:
    host = stage.host("client")
    host.listen(8080)
    to = (host.address, 8080)
    inner = cgroups.own() / f"denied-{os.getpid()}"
    inner.mkdir()
    try:
        refuse_connect(inner)
        error = host.run(denied, inner, to)
    finally:
        inner.rmdir()
    allowed = host.connect(to).error
    sent = host.counter("TcpActiveOpens")
    stage.witness(f"connect() in the cgroup: {error}", error == "EPERM")
    stage.witness(f"connect() outside of it: {allowed or 'connected'}", allowed is None)
    stage.witness(f"/proc/net/snmp: Tcp ActiveOpens {sent}", sent == 1)


def denied(cgroup: Path, to: Address) -> str | None:
    """The errno of connect() in that cgroup, which this process leaves again."""
    (cgroup / "cgroup.procs").write_text(str(os.getpid()))
    try:
        with socket.socket() as client:
            return errno_of(client.connect, to)
    finally:
        (cgroup.parent / "cgroup.procs").write_text(str(os.getpid()))
