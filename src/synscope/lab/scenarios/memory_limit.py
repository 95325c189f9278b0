"""The memory of the client's cgroup is used up: there is none for a socket.

What is built
    A client in a cgroup whose memory.max is as much as it has in use; the OOM killer must not have it.
    (net.ipv4.tcp_mem would not do: the kernel allots a SYN and a request without asking it.)

What happens
    The client makes sockets until the cgroup has no memory for another.

What one should see
    socket() returns ENOBUFS or ENOMEM, after what it had no memory for: no connection is ever attempted.

By hand
    On a machine of your own, with cgroup v2:
    mkdir /sys/fs/cgroup/small; echo 20M > /sys/fs/cgroup/small/memory.max
    synscope watch --cgroup /sys/fs/cgroup/small --detail path &
    echo $$ > /sys/fs/cgroup/small/cgroup.procs; echo -1000 > /proc/$$/oom_score_adj
    ulimit -n 100000; python3 -c 'import socket; kept = [socket.socket() for _ in range(99999)]'
"""

from pathlib import Path
from threading import Timer

from synscope.lab.stage.stage import Stage
from synscope.lab.stage.starvation import ROOT, starving

NAME = "memory-limit"
FINDINGS = ("memory-limit",)
IN_RECORD = None
NEEDS = ("machine",)

_LIMITED_S = 2


def play(stage: Stage) -> None:
    (ROOT / "cgroup.subtree_control").write_text("+memory")
    Path("/proc/sys/kernel/printk").write_text("1")  # what the OOM killer says takes seconds of serial line
    cgroup = ROOT / "traced"
    actor = stage.host("client").act(starving(cgroup))
    actor.report()
    (ROOT / "aside").mkdir()
    (ROOT / "aside/cgroup.procs").write_text("0")  # the limit is not for the stage
    lift = Timer(_LIMITED_S, (cgroup / "memory.max").write_text, ["max"])
    lift.start()
    error = actor.ask()
    lift.join()
    events = dict(line.split() for line in (cgroup / "memory.events").read_text().splitlines())
    stage.witness(f"socket(): {error}", error in ("ENOBUFS", "ENOMEM"))
    stage.witness(f"memory.events of the cgroup: max {events['max']}", int(events["max"]) > 0)
