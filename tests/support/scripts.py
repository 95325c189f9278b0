"""Runs a function of a test in a process of its own, in a namespace and a cgroup, and reads its reports.

The function is sent as source: it may use its arguments (JSON) and the names of `support.prelude`, and
nothing else of the test's module. A process that is exec'ed, unlike one that is forked, inherits none of
the session's descriptors, so that detaching detaches.
"""

import inspect
import json
import os
import subprocess
import sys
import textwrap
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from support.namespaces import Namespace
from support.processes import Peer, Report, end

TESTS = Path(__file__).parents[1]
_START = "import sys; sys.path.insert(0, {tests!r})\nfrom support.prelude import *\n{source}\n"
_CALL = "{name}(*{arguments!r})\n"
_ENTER = 'echo 0 > "$0/cgroup.procs" || exit 1; exec "$@"'


class Script(Peer):
    """A running workload: `hello` is its first report."""

    def tell(self, line: str = "") -> None:
        """Send a line: its `hear()` returns it."""
        assert self.process.stdin is not None
        self.process.stdin.write(line + "\n")
        self.process.stdin.flush()

    def ask(self, line: str = "") -> Report:
        """Send a line and wait for the next report."""
        self.tell(line)
        return self.read(1)[0]

    def rest(self) -> list[Report]:
        """Close its stdin and read the reports that come until it ends."""
        assert self.process.stdin is not None
        self.process.stdin.close()
        text = self._rest + b"".join(iter(lambda: os.read(self._fd, 1 << 16), b""))
        assert self.process.wait(self.timeout) == 0
        return [json.loads(line) for line in text.splitlines()]


def command_of(
    workload: Callable[..., None],
    *arguments: object,
    namespace: Namespace | None = None,
    cgroup: Path | None = None,
) -> list[str]:
    """The command that runs `workload(*arguments)` there; the cgroup is entered before any socket is made."""
    source = textwrap.dedent(inspect.getsource(workload))
    text = _START.format(tests=str(TESTS), source=source)
    text += _CALL.format(name=workload.__name__, arguments=json.loads(json.dumps(arguments)))
    command = [sys.executable, "-I", "-S", "-c", text]
    if cgroup is not None:
        command = ["sh", "-c", _ENTER, str(cgroup), *command]
    return command if namespace is None else namespace.enter(*command)


def ran(
    workload: Callable[..., None], *arguments: object, timeout: float = 60.0, **where: Any
) -> list[Report]:
    """Run it to its end; all that it reported."""
    command = command_of(workload, *arguments, **where)
    done = subprocess.run(
        command, stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=timeout, check=False
    )
    assert done.returncode == 0, done.stderr
    return [json.loads(line) for line in done.stdout.splitlines()]


@contextmanager
def running(
    workload: Callable[..., None], *arguments: object, timeout: float = 60.0, **where: Any
) -> Iterator[Script]:
    """Run it while the block runs: entered at its first report; at the end its stdin is closed."""
    command = command_of(workload, *arguments, **where)
    process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
    assert process.stdout is not None
    try:
        yield Script(process, process.stdout.fileno(), timeout)
    finally:
        end(process)
        process.stdout.close()
