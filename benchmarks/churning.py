"""Builds and runs churn.c: one run at a time, each in a network namespace and a cgroup of its own."""

import os
import re
import select
import subprocess
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from itertools import count
from pathlib import Path

from synscope.kernel import cgroups

SOURCE = Path(__file__).with_name("churn.c")
CHURN_CPU = 1
DRAIN_CPU = 0
WARMUP = 500
DRAIN_EVERY_MS = 20
SETTLE_S = 0.2  # the kernel takes a deleted namespace apart in the background
NUMBERS = count(1)


@dataclass(frozen=True)
class Place:
    """Where one run happens: the namespace's name, and the cgroup's directory."""

    netns: str
    cgroup: Path

    def enter(self, *command: str) -> list[str]:
        """`command` in the namespace; the cgroup mount stays visible, unlike with `ip netns exec`."""
        return ["nsenter", f"--net=/run/netns/{self.netns}", "--", *command]


@contextmanager
def place() -> Iterator[Place]:
    """A fresh namespace and cgroup: what one run leaves in TIME_WAIT is no burden to the next."""
    name = f"synscope-bench-{os.getpid()}-{next(NUMBERS)}"
    where = Place(name, cgroups.own() / name)
    subprocess.run(["ip", "netns", "add", name], check=True)
    try:
        subprocess.run(where.enter("ip", "link", "set", "lo", "up"), check=True)
        where.cgroup.mkdir()
        yield where
    finally:
        if where.cgroup.exists():
            where.cgroup.rmdir()
        subprocess.run(["ip", "netns", "del", name], check=True)
        time.sleep(SETTLE_S)


def build(directory: Path) -> Path:
    """Compile churn.c into `directory`."""
    target = directory / "churn"
    subprocess.run(["cc", "-O2", "-Wall", "-o", str(target), str(SOURCE)], check=True)
    return target


def run(command: list[str], pump: Callable[[], object]) -> float:
    """Run churn to its end, calling `pump` meanwhile; ns per connection."""
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        ended = select.poll()
        pidfd = os.pidfd_open(process.pid)
        ended.register(pidfd, select.POLLIN)
        while not ended.poll(DRAIN_EVERY_MS):
            pump()
        os.close(pidfd)
        assert process.stdout is not None
        said = process.stdout.read()
    match = re.search(r"ns_per_connection ([\d.]+)", said)
    if process.returncode or match is None:
        raise SystemExit(f"{' '.join(command)} failed with status {process.returncode}: {said}")
    return float(match[1])
