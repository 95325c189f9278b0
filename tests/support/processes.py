"""Starts tests/support/peer.py and reads what it says."""

import json
import os
import select
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from support.namespaces import Namespace

PEER = Path(__file__).with_name("peer.py")
Report = dict[str, Any]


class Peer:
    """A running server or client.

    Attributes:
        hello: its first report: pid, tid, and for a server address and port.
        reports: every report after that which has been read.
    """

    def __init__(self, process: "subprocess.Popen[str]", reports: int, timeout: float) -> None:
        self.process = process
        self.timeout = timeout
        self._fd = reports
        self._rest = b""
        self.reports: list[Report] = []
        self.hello = self._next()

    @property
    def port(self) -> int:
        """A server's port."""
        return int(self.hello["port"])

    def read(self, count: int) -> list[Report]:
        """Wait for `count` more reports (accepts or connects)."""
        fresh = [self._next() for _ in range(count)]
        self.reports += fresh
        return fresh

    def finish(self) -> int:
        """Let it close its connections and end; its exit status."""
        assert self.process.stdin is not None
        self.process.stdin.close()
        return self.process.wait(self.timeout)

    def _next(self) -> Report:
        while b"\n" not in self._rest:
            ready, _, _ = select.select([self._fd], [], [], self.timeout)
            part = os.read(self._fd, 1 << 16) if ready else b""
            if not part:
                raise RuntimeError(f"{self.process.args!r} said no more within {self.timeout} s")
            self._rest += part
        line, self._rest = self._rest.split(b"\n", 1)
        report: Report = json.loads(line)
        return report


@contextmanager
def peer(
    role: str,
    *words: object,
    namespace: Namespace | None = None,
    cgroup: Path | None = None,
    timeout: float = 20.0,
) -> Iterator[Peer]:
    """Run peer.py until the block ends; `cgroup` is entered before any socket is made."""
    reading, writing = os.pipe()
    command = [sys.executable, str(PEER), role, *map(str, words)]
    if cgroup is not None:
        command = ["sh", "-c", 'echo 0 > "$0/cgroup.procs"; exec "$@"', str(cgroup), *command]
    if namespace is not None:
        command = namespace.enter(*command)
    environ = os.environ | {"REPORT_FD": str(writing)}
    process = subprocess.Popen(command, stdin=subprocess.PIPE, text=True, pass_fds=[writing], env=environ)
    os.close(writing)
    try:
        yield Peer(process, reading, timeout)
    finally:
        end(process)
        os.close(reading)


def end(process: "subprocess.Popen[str]") -> None:
    """Close its stdin if that is still open, and kill it if that is not enough."""
    assert process.stdin is not None
    process.stdin.close()
    try:
        process.wait(5)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()
