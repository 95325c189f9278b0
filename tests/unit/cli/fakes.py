"""A session without a kernel, and a cgroup without cgroups: what is left is the command line itself."""

from collections import deque
from copy import copy
from pathlib import Path
from typing import ClassVar

import numpy as np

import rows
from synscope.errors import SynscopeError
from synscope.events.trace import Footer, Trace
from synscope.events.wire import FUNCTION_CALL, HALF, PATH_EVENT


class FakeSession:
    """Delivers `batches` of halves, one a poll, then what is left when it finishes."""

    batches: ClassVar[deque] = deque()
    refusal: SynscopeError | None = None
    footer = Footer(ended_mono_ns=rows.T0 + 1_000_000)
    opened: ClassVar[list] = []

    def __init__(self, options, header_command, sink=None, keep=True):
        self.options, self.command, self.sink = options, header_command, sink
        self.closed = False
        self.status = "unfinished"
        self.header = rows.trace([]).header
        self.header.command = header_command
        self._halves = []
        self._told = 0

    def __enter__(self):
        if self.refusal:
            raise self.refusal
        self.opened.append(self)
        return self

    def __exit__(self, *_error):
        self.closed = True

    def poll(self):
        if not self.batches:
            return 0
        batch = self.batches.popleft()
        if isinstance(batch, BaseException):
            raise batch
        self._halves.append(batch)
        self.sink(batch, np.empty(0, PATH_EVENT), np.empty(0, FUNCTION_CALL))
        return len(batch)

    def undecided(self):
        return np.empty(0, HALF)

    def new_halves(self):
        fresh = self._halves[self._told :]
        self._told = len(self._halves)
        return np.concatenate([np.empty(0, HALF), *fresh])

    def footer_so_far(self):
        return copy(self.footer)

    def finish(self, exit_status):
        self.status = exit_status
        while self.batches:
            self.poll()
        halves = np.concatenate([np.empty(0, HALF), *self._halves])
        return Trace(header=self.header, halves=halves, footer=self.footer)


class FakeCgroup:
    """A directory with a file `cgroup.procs`."""

    directory: Path
    moved: ClassVar[list] = []

    def __init__(self):
        self.path = self.directory / "cgroup"

    def __enter__(self):
        self.path.mkdir()
        return self

    def __exit__(self, *_error):
        (self.path / "cgroup.procs").unlink(missing_ok=True)
        self.path.rmdir()
