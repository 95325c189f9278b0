"""A cgroup v2 of its own for the command: what makes "CMD and its children" a test the kernel can do.

It is a child of synscope's own cgroup, so that the limits that apply to synscope apply to the
command. It is removed at the end; one whose synscope was killed is removed by the next run.
"""

import contextlib
import errno
import fcntl
import os
import re
import select
from collections.abc import Iterator
from pathlib import Path

import msgspec

from synscope.cli import privileges
from synscope.errors import Exit, SynscopeError
from synscope.kernel import cgroups

NAME = re.compile(r"synscope-(\d+)-(\d+)")
EMPTYING_MS = 1000
ROUNDS = 100  # a process that forks while it is moved needs another round; so many is no accident


class Process(msgspec.Struct, frozen=True):
    """A process that outlived the command; `comm` is "" where it ended meanwhile."""

    pid: int
    comm: str


class CommandCgroup:
    """Make the cgroup on entering, remove it on leaving: after the session, which is attached to it.

    Attributes:
        path: its directory.
        moved: processes that were still inside at the end, and are in `path`'s parent now.
    """

    def __init__(self, parent: Path | None = None) -> None:
        parent = parent or cgroups.own()
        self.path = parent / f"synscope-{os.getpid()}-{start_time(os.getpid())}"
        self.moved: list[Process] = []
        self._lock = -1

    def __enter__(self) -> "CommandCgroup":
        sweep(self.path.parent)
        try:
            self.path.mkdir()
            self._lock = _lock(self.path)
            _join_threaded(self.path)
        except OSError as error:
            raise _refused(self.path, error) from error
        return self

    def __exit__(self, *_error: object) -> None:
        self.moved = remove(self.path)
        os.close(self._lock)


def sweep(parent: Path) -> list[Path]:
    """Remove what synscopes that were killed left in `parent`; their processes move into `parent`."""
    removed = []
    for path in sorted(parent.glob("synscope-*-*")):
        with contextlib.suppress(OSError, SynscopeError):  # someone else's to remove, or being removed
            if _is_stale(path):
                remove(path)
                removed.append(path)
    return removed


def remove(path: Path) -> list[Process]:
    """Move what runs in `path` or below to its parent, then remove it; the processes that were moved.

    Raises:
        SynscopeError: it cannot be removed.
    """
    moved: dict[int, Process] = {}
    try:
        for directory in _bottom_up(path):
            _empty(directory, path.parent, moved)
            _await_empty(directory)
            directory.rmdir()
    except OSError as error:
        why = os.strerror(error.errno or errno.EIO)
        raise SynscopeError("cannot remove the command's cgroup", why, f"rmdir {path}") from error
    return list(moved.values())


def start_time(pid: int) -> int | None:
    """When `pid` started, in clock ticks since boot (field 22 of proc_pid_stat(5)); None: it is gone."""
    try:
        line = Path(f"/proc/{pid}/stat").read_text(errors="replace")
    except OSError:
        return None
    return int(line.rpartition(")")[2].split()[19])


def _is_stale(path: Path) -> bool:
    name = NAME.fullmatch(path.name)
    if not name or start_time(int(name[1])) == int(name[2]):
        return False
    try:  # its synscope may live in another pid namespace, where our /proc does not show it
        os.close(_lock(path))
    except BlockingIOError:
        return False
    return True


def _lock(path: Path) -> int:
    """Hold `path` until the descriptor is closed, by death at the latest."""
    descriptor = os.open(path, os.O_RDONLY | os.O_DIRECTORY)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        os.close(descriptor)
        raise
    return descriptor


def _join_threaded(path: Path) -> None:
    """Below a threaded cgroup a new one is unusable until it is threaded too (cgroup-v2.rst, Threads)."""
    kind = path / "cgroup.type"
    if kind.read_text().strip() == "domain invalid":
        kind.write_text("threaded")


def _bottom_up(path: Path) -> Iterator[Path]:
    for directory, _, _ in os.walk(path, topdown=False):
        yield Path(directory)


def _empty(directory: Path, target: Path, moved: dict[int, Process]) -> None:
    for _ in range(ROUNDS):
        pids = _processes(directory)
        if not pids:
            return
        for pid in pids:
            process = Process(pid, _comm(pid))
            with contextlib.suppress(ProcessLookupError):  # it ended by itself
                (target / "cgroup.procs").write_text(str(pid))
                moved[pid] = process


def _processes(directory: Path) -> list[int]:
    try:
        listed = (directory / "cgroup.procs").read_text()
    except OSError as error:
        if error.errno != errno.EOPNOTSUPP:
            raise
        listed = (directory / "cgroup.threads").read_text()  # a threaded cgroup tells only these
    return [int(line) for line in listed.split()]


def _comm(pid: int) -> str:
    try:
        return Path(f"/proc/{pid}/comm").read_text(errors="replace").rstrip("\n")
    except OSError:
        return ""


def _await_empty(directory: Path) -> None:
    """A process that has been waited for leaves its cgroup a moment later: rmdir would say EBUSY."""
    with (directory / "cgroup.events").open() as events:
        changes = select.poll()
        changes.register(events, select.POLLPRI)
        while "populated 1" in events.read():
            if not changes.poll(EMPTYING_MS):
                return
            events.seek(0)


def _refused(path: Path, error: OSError) -> SynscopeError:
    what = "cannot give the command a cgroup of its own"
    why = f"{path.parent}: {os.strerror(error.errno or errno.EIO)}"
    if error.errno in (errno.EACCES, errno.EPERM):
        return SynscopeError(what, why, privileges.as_root(), Exit.NOT_PERMITTED)
    return SynscopeError(what, why, "synscope doctor", Exit.NOT_PERMITTED)
