"""`synscope lab` as a user has it, without privileges: on 6.1 and 6.12, in one snapshot each.

What the guest's processes say of themselves (errno, exit status) judges the traces.
"""

import os
import platform
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from support.require import NOT_ON_THIS_KERNEL, require
from synscope.capture.file import read
from synscope.connections.build import connections
from synscope.errors import Exit, SynscopeError
from synscope.lab import cache, debian, kernels

SERIES = ("6.1", "6.12")
# uid 0 without any capability, now and after an exec: this checkout need not be readable for others.
UNPRIVILEGED = ["setpriv", "--securebits=+noroot,+noroot_locked", "--bounding-set=-all", "--inh-caps=-all"]
MAIN = "from synscope.cli import main; main()"
REFUSED = """
import errno, socket
try: socket.create_connection(("127.0.0.1", 1))
except OSError as error: print(errno.errorcode[error.errno])
"""
NOWHERE = """
import errno, socket, time
began = time.monotonic()
listener = socket.create_server(("127.0.0.1", 0), backlog=0)
first = socket.create_connection(listener.getsockname())
second = socket.socket()
second.setsockopt(socket.IPPROTO_TCP, socket.TCP_SYNCNT, 2)
print(errno.errorcode[second.connect_ex(listener.getsockname())], time.monotonic() - began > 5)
"""


class Lab:
    """`synscope lab` on one kernel; traces go into a directory of the test's own."""

    def __init__(self, series: str, directory: Path) -> None:
        self.series = series
        self._directory = directory

    def __call__(self, *words: str, kernel: str = "") -> "subprocess.CompletedProcess[str]":
        prefix = UNPRIVILEGED if os.geteuid() == 0 else []
        command = [*prefix, sys.executable, "-c", MAIN, "lab", "--kernel", kernel or self.series, *words]
        environ = os.environ | {"PYTHONPATH": os.pathsep.join(sys.path)}
        return subprocess.run(command, capture_output=True, text=True, env=environ, timeout=600, check=False)

    def trace(self, name: str, *words: str):
        """The trace that `-o` saved, and its file."""
        path = self._directory / f"{name}.syn"
        done = self("-o", str(path), *words)
        assert path.exists(), done.stderr
        return read(path), path


@pytest.fixture(scope="module", params=SERIES)
def lab(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Lab:
    require(platform.machine() == "x86_64", f"{NOT_ON_THIS_KERNEL} Debian's kernels here are for x86_64")
    require(shutil.which("qemu-system-x86_64"), "missing: qemu-system-x86_64. Try: make test")
    try:
        kernels.of_series(request.param) or debian.fetch(request.param, lambda done, total: None)
    except SynscopeError as error:
        require(False, f"no kernel for the lab: {error}")
    return Lab(request.param, tmp_path_factory.mktemp("lab"))


def test_it_needs_no_privilege():
    require(os.geteuid() == 0, f"{NOT_ON_THIS_KERNEL} there are no privileges to drop")
    done = subprocess.run(
        [*UNPRIVILEGED, "cat", "/proc/self/status"], capture_output=True, text=True, check=True
    )
    assert "CapEff:\t0000000000000000" in done.stdout


def test_the_pair_is_one_connection_with_its_calls(lab: Lab):
    trace, _ = lab.trace("pair")
    assert trace.header.kernel.startswith(f"{lab.series}.")
    assert trace.header.lab.startswith("QEMU ")
    assert (trace.header.detail, trace.header.calls_clock) == ("functions", "order")
    assert trace.footer.complete
    [connection] = connections(trace)
    assert connection.outcome == "established"
    assert {connection.client.comm, connection.server.comm} == {"python3"}
    assert {trace.footer.functions[row["function"]].name for row in trace.calls} >= {
        "inet_create",
        "tcp_v4_connect",
        "tcp_v4_rcv",
        "inet_accept",
    }


def test_two_runs_are_byte_for_byte_the_same(lab: Lab):
    _, first = lab.trace("first")
    _, second = lab.trace("second")
    assert first.read_bytes() == second.read_bytes()


def test_two_runs_of_a_command_too(lab: Lab):
    _, first = lab.trace("refused-first", "--", "python3", "-c", REFUSED)
    _, second = lab.trace("refused-second", "--", "python3", "-c", REFUSED)
    assert first.read_bytes() == second.read_bytes()


def test_a_command_of_ones_own(lab: Lab):
    trace, _ = lab.trace("own", "--detail", "path", "--", "python3", "-c", REFUSED)
    [connection] = connections(trace)
    assert (connection.outcome, connection.errno) == ("refused", "ECONNREFUSED")
    assert trace.header.command == ["python3", "-c", REFUSED]
    assert (trace.header.detail, len(trace.calls)) == ("path", 0)


def test_waiting_costs_no_time(lab: Lab):
    done = lab("--detail", "path", "--", "python3", "-c", NOWHERE)
    assert done.stdout == "ETIMEDOUT True\n"


def test_output_and_status_are_the_commands(lab: Lab):
    done = lab("--detail", "path", "--", "sh", "-c", "echo out; echo err >&2; exit 3")
    assert (done.returncode, done.stdout) == (3, "out\n")
    assert "err\n" in done.stderr


def test_what_is_not_in_the_guest_is_said(lab: Lab):
    done = lab("--", "no-such-program")
    assert done.returncode == Exit.NOT_FOUND
    assert "not in the guest; in it are: " in done.stderr
    assert "python3, sh" in done.stderr


def test_a_panic_is_told_with_the_console(lab: Lab):
    done = lab("--", "sh", "-c", "echo c > /proc/sysrq-trigger")
    assert done.returncode == Exit.FAILED
    assert "Kernel panic - not syncing: sysrq triggered crash" in done.stderr
    assert "the lab's machine has ended" in done.stderr.splitlines()[-1]


def test_no_process_and_nothing_but_snapshots_is_left(lab: Lab):
    lab("--detail", "path")
    assert not list((cache.root() / "snapshots").glob(".new-*"))
    lines = subprocess.run(["ps", "-eo", "ppid,args"], capture_output=True, text=True, check=True).stdout
    assert not [line for line in lines.splitlines() if "id=mailbox" in line and line.split()[0] == "1"]
