"""A network namespace and a cgroup of a test's own, gone after it whatever happened."""

import os
import select
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from itertools import count
from pathlib import Path

NUMBERS = count(1)
POPULATED = "populated 1"


@dataclass(frozen=True)
class Namespace:
    """A named network namespace with `lo` up.

    Attributes:
        name: as `ip netns` lists it.
        inum: its number, `netns` of a half (`stat -L /proc/PID/ns/net`).
    """

    name: str
    inum: int

    def enter(self, *command: str) -> list[str]:
        """The command that runs `command` in it.

        nsenter rather than `ip netns exec`, which mounts a new /sys and so hides the cgroup mount.
        """
        return ["nsenter", f"--net=/run/netns/{self.name}", "--", *command]

    def run(self, *command: str) -> str:
        """Run `command` in it to the end; its stdout."""
        done = subprocess.run(self.enter(*command), check=True, capture_output=True, text=True)
        return done.stdout


@contextmanager
def network_namespace(prefix: str = "synscope-test") -> Iterator[Namespace]:
    """A new namespace with `lo` up; needs root."""
    name = f"{prefix}-{os.getpid()}-{next(NUMBERS)}"
    subprocess.run(["ip", "netns", "add", name], check=True)
    try:
        space = Namespace(name, Path("/run/netns", name).stat().st_ino)
        space.run("ip", "link", "set", "lo", "up")
        yield space
    finally:
        subprocess.run(["ip", "netns", "del", name], check=True)


def cgroup2_mount() -> Path:
    """Where cgroup v2 is mounted (proc(5), mountinfo: the type follows the lone dash)."""
    for line in Path("/proc/self/mountinfo").read_text().splitlines():
        left, right = line.split(" - ", 1)
        if right.split()[0] == "cgroup2":
            return Path(left.split()[4])
    raise FileNotFoundError("cgroup v2 is not mounted")


def own_cgroup() -> Path:
    """This process's directory in cgroup v2."""
    for line in Path("/proc/self/cgroup").read_text().splitlines():
        if line.startswith("0::"):
            return cgroup2_mount() / line.removeprefix("0::").lstrip("/")
    raise FileNotFoundError("this process is in no cgroup v2")


@contextmanager
def child_cgroup(prefix: str = "synscope-test") -> Iterator[Path]:
    """A new child of this process's cgroup; what still runs in it at the end is killed."""
    path = own_cgroup() / f"{prefix}-{os.getpid()}-{next(NUMBERS)}"
    path.mkdir()
    try:
        yield path
    finally:
        empty(path)
        for directory, _, _ in os.walk(path, topdown=False):  # what the test made below it goes too
            Path(directory).rmdir()


def empty(path: Path, timeout: float = 10.0) -> None:
    """Kill what is in a cgroup (cgroup.kill: 5.14 and later) and wait until it says that it is empty."""
    (path / "cgroup.kill").write_text("1")
    with (path / "cgroup.events").open() as events:
        poll = select.poll()
        poll.register(events, select.POLLPRI)
        # kernfs wakes POLLPRI when the file changed since it was last read (admin-guide/cgroup-v2)
        while POPULATED in events.read():
            if not poll.poll(timeout * 1000):
                raise TimeoutError(f"{path} is still populated")
            events.seek(0)
