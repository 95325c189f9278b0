"""Start the command by hand: fork, join the cgroup, exec, and learn of a failure before it matters.

subprocess cannot do it: its `preexec_fn` gives no error back, and joining from outside would let
the command's first instructions run untraced.
"""

import errno
import os
import resource
import signal
from pathlib import Path
from typing import NoReturn

import msgspec

from synscope.cli.command.resolve import not_executable, not_found
from synscope.cli.command.signals import Relay
from synscope.errors import Exit, SynscopeError

SHELL = "/bin/sh"
RAISED = (resource.RLIMIT_MEMLOCK, resource.RLIMIT_NOFILE)


class Ended(msgspec.Struct, frozen=True):
    """How the command ended: an exit code, or the signal that killed it."""

    code: int = 0
    signal: int = 0

    @property
    def status(self) -> int:
        """As a shell gives it in `$?`."""
        return 128 + self.signal if self.signal else self.code


class Child(msgspec.Struct, frozen=True):
    """The running command."""

    pid: int
    pidfd: int

    def wait(self) -> Ended:
        """Reap it; blocks until it ends."""
        _, status = os.waitpid(self.pid, 0)
        os.close(self.pidfd)
        if os.WIFSIGNALED(status):
            return Ended(signal=os.WTERMSIG(status))
        return Ended(code=os.WEXITSTATUS(status))


class Launch(msgspec.Struct, frozen=True, kw_only=True):
    """What to run, and what it must find as it would without synscope.

    Attributes:
        path: the file to execute, with `argv`; `cgroup`: the directory of the one it joins.
        stdout_to_stderr: descriptor 1 is a copy of 2.
        limits: of `RAISED`, which a session raises for itself: so made before the session.
    """

    path: str
    argv: list[str]
    cgroup: Path
    stdout_to_stderr: bool = False
    limits: dict[int, tuple[int, int]] = msgspec.field(
        default_factory=lambda: {kind: resource.getrlimit(kind) for kind in RAISED}
    )


def spawn(launch: Launch, relay: Relay) -> Child:
    """Run the command; returns once its exec has succeeded.

    The terminal, the process group and descriptors 0 to 2 are synscope's own. Signals go to it from
    then on, through `relay`.

    Raises:
        SynscopeError: 127 or 126 where the exec fails; FAILED where the cgroup cannot be joined.
    """
    failure, report = os.pipe()  # close-on-exec both, as all of Python's descriptors: a good exec is an EOF
    # A signal between fork and exec must not run synscope's handlers in the command's process.
    mask = signal.pthread_sigmask(signal.SIG_BLOCK, signal.valid_signals())
    pid = os.fork()
    if pid == 0:
        _become(launch, relay, mask, report)
    child = Child(pid, os.pidfd_open(pid))
    signal.pthread_sigmask(signal.SIG_SETMASK, mask)
    os.close(report)
    with os.fdopen(failure, "rb") as pipe:
        told = pipe.read()
    if told:
        child.wait()
        raise _failure(told.decode(), launch)
    relay.aim(child.pidfd)
    return child


def _become(launch: Launch, relay: Relay, mask: set[int], report: int) -> NoReturn:
    """In the new process: what cannot be done is reported as "step errno"."""
    step = "cgroup"
    try:
        (launch.cgroup / "cgroup.procs").write_text("0")
        step = "start"
        _restore(launch, relay, mask)
        step = "exec"
        _execute(launch.path, launch.argv)
    except OSError as error:
        os.write(report, f"{step} {error.errno or errno.EIO}".encode())
    finally:
        os._exit(Exit.NOT_FOUND)


def _restore(launch: Launch, relay: Relay, mask: set[int]) -> None:
    if b"LC_CTYPE=" not in Path("/proc/self/environ").read_bytes():
        os.environ.pop("LC_CTYPE", None)  # the interpreter adds it where the locale is C (PEP 538)
    for kind, limit in launch.limits.items():
        if resource.getrlimit(kind) != limit:
            resource.setrlimit(kind, limit)
    if launch.stdout_to_stderr:
        os.dup2(2, 1)
    relay.restore_defaults()
    signal.pthread_sigmask(signal.SIG_SETMASK, mask)


def _execute(path: str, argv: list[str]) -> None:
    try:
        os.execv(path, argv)  # noqa: S606
    except OSError as error:
        if error.errno != errno.ENOEXEC:
            raise
        os.execv(SHELL, [SHELL, path, *argv[1:]])  # noqa: S606 - a script without "#!": as execvp(3) has it


def _failure(told: str, launch: Launch) -> SynscopeError:
    step, number = told.split()
    name, why = launch.argv[0], os.strerror(int(number))
    if step == "cgroup":
        what = f"cannot move {name!r} into its cgroup"
        return SynscopeError(what, f"{launch.cgroup}: {why}", "synscope doctor")
    if step == "start":
        return SynscopeError(f"cannot start {name!r} as it would start alone", why)
    if int(number) in (errno.ENOENT, errno.ENOTDIR) and not Path(launch.path).exists():
        return not_found(name)
    if int(number) == errno.ENOENT:  # the file is there: its interpreter is not
        why = "the interpreter that it names is not there"
        return SynscopeError(f"cannot run {name!r}", why, f"head -1 {launch.path}", Exit.NOT_FOUND)
    return not_executable(name, launch.path, int(number))
