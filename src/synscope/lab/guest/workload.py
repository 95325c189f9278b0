"""Runs an order's command in the traced cgroup, and waits for it."""

import os
import runpy
import select
import shutil
import signal
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import NoReturn

import msgspec

from synscope.errors import Exit, SynscopeError
from synscope.lab.guest.world import CGROUP
from synscope.lab.messages import Order

DRAIN_MS = 20
STDOUT, STDERR = Path("/tmp/stdout"), Path("/tmp/stderr")  # noqa: S108 (the guest's own)
HOME = "/root"
PROGRAMS = Path("/usr/bin")


class Workload:
    """A process that waits for one order, and becomes its command.

    To be made while its parent is small: how long the command's own forks take depends on it.
    """

    def __init__(self) -> None:
        reading, self._order = os.pipe()
        self._pid = os.fork()
        if self._pid == 0:
            os.close(self._order)
            _wait_and_become(reading)
        os.close(reading)

    def run(self, order: Order, drain: Callable[[], object]) -> int | None:
        """The command's exit status as a shell gives it; None where it was killed at its limit.

        Raises:
            SynscopeError: NOT_FOUND, there is no such program here.
        """
        _require(order.command[0])
        with os.fdopen(self._order, "wb") as pipe:
            pipe.write(msgspec.json.encode(order) + b"\n")
        return _wait(self._pid, time.monotonic() + order.limit_s, drain)


def _require(name: str) -> None:
    if shutil.which(name) is None:
        there = ", ".join(sorted(path.name for path in PROGRAMS.iterdir()))
        why = f"it is not in the guest; in it are: {there}"
        remedy = "synscope lab -- python3 -c …"
        raise SynscopeError(f"cannot run {name!r} in the lab", why, remedy, Exit.NOT_FOUND)


def _wait_and_become(reading: int) -> NoReturn:
    """In the new process, which ends here whatever happens."""
    status = int(Exit.NOT_EXECUTABLE)
    try:
        with os.fdopen(reading, "rb") as pipe:
            line = pipe.readline()
        if line:  # else no order will come
            status = _become(msgspec.json.decode(line, type=Order))
    finally:
        os._exit(status)


def _become(order: Order) -> int:
    """The exit status. What a module leaves unwritten is written, for its interpreter ends at once."""
    status = int(Exit.NOT_EXECUTABLE)
    try:
        os.setsid()
        _redirect()
        os.closerange(3, os.sysconf("SC_OPEN_MAX"))
        os.chdir(HOME)
        (CGROUP / "cgroup.procs").write_text("0")
        if not order.module:
            os.execvp(order.command[0], order.command)  # noqa: S606 (as the user wrote it)
        status = _run_module(order)
    except OSError as error:
        print(f"{order.command[0]}: {error}", file=sys.stderr)
    finally:
        sys.stdout.flush()
        sys.stderr.flush()
    return status


def _redirect() -> None:
    os.dup2(os.open(os.devnull, os.O_RDONLY), 0)
    os.dup2(os.open(STDOUT, os.O_WRONLY | os.O_CREAT | os.O_TRUNC), 1)
    os.dup2(os.open(STDERR, os.O_WRONLY | os.O_CREAT | os.O_TRUNC), 2)


def _run_module(order: Order) -> int:
    Path("/proc/self/comm").write_text(order.command[0])
    try:
        runpy.run_module(order.module, run_name="__main__", alter_sys=True)
    except SystemExit as ended:
        return ended.code if isinstance(ended.code, int) else int(ended.code is not None)
    return 0


def _wait(pid: int, deadline: float, drain: Callable[[], object]) -> int | None:
    exits = select.poll()
    exits.register(os.pidfd_open(pid), select.POLLIN)
    while not exits.poll(DRAIN_MS):
        drain()
        if time.monotonic() > deadline:
            os.kill(pid, signal.SIGKILL)
            os.waitpid(pid, 0)
            return None
    _, status = os.waitpid(pid, 0)
    return 128 + os.WTERMSIG(status) if os.WIFSIGNALED(status) else os.WEXITSTATUS(status)
