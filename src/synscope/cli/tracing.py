"""Trace one command from its first instruction to its last: what `run` and `demo` share."""

import time
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

import msgspec

from synscope.cli import privileges
from synscope.cli.command.cgroup import CommandCgroup, Process
from synscope.cli.command.resolve import resolve
from synscope.cli.command.signals import Relay
from synscope.cli.command.spawn import Ended, Launch, spawn
from synscope.cli.command.supervise import supervise
from synscope.cli.recording import Recording
from synscope.cli.terminal import StatusLine

if TYPE_CHECKING:
    from synscope.events.trace import Trace
    from synscope.probes.session import Options


class Traced(msgspec.Struct, frozen=True):
    """What came of it: the trace, how the command ended (None: it goes on), and who outlived it."""

    trace: "Trace"
    ended: Ended | None
    moved: list[Process]
    moved_to: Path


def trace_command(
    argv: list[str],
    options: "Options",
    recording: Recording,
    stdout_to_stderr: bool = False,
) -> Traced:
    """Run `argv` in a cgroup of its own with a session around it.

    The order matters: the hooks are attached before the command exists, and detached before its
    cgroup goes; a name that cannot be run, or a kernel that refuses, costs nothing and leaves nothing.

    Raises:
        SynscopeError: the command cannot be run, or the session cannot be opened; nothing ran.
    """
    from synscope.probes.session import Session  # noqa: PLC0415

    path = resolve(argv[0])
    privileges.require()
    with CommandCgroup() as group:
        options = msgspec.structs.replace(options, cgroup=group.path)
        launch = Launch(path=path, argv=argv, cgroup=group.path, stdout_to_stderr=stdout_to_stderr)
        with Session(options, argv, recording.write) as session:
            recording.open(session.header)
            with Relay() as relay:
                child = spawn(launch, relay)
                with Draining(session.poll) as drain:
                    ended = supervise(child, drain, relay)
            trace = session.finish(ended.status if ended else None)
        recording.close(trace.footer)
    return Traced(trace, ended, group.moved, group.path.parent)


class Draining:
    """`poll`, with a count of what came on the status line."""

    def __init__(self, poll: Callable[[], int]) -> None:
        self._poll = poll
        self._count = 0
        self._status = StatusLine(time.monotonic_ns())

    def __enter__(self) -> "Draining":
        return self

    def __exit__(self, *_error: object) -> None:
        self._status.erase()

    def __call__(self) -> None:
        self._count += self._poll()
        self._status.update(time.monotonic_ns(), f"synscope: {self._count} halves of connections so far")
