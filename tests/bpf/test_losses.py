"""What cannot be kept is counted and told; what is killed leaves nothing behind."""

import ctypes
import os
import re
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import numpy as np
import pytest

import synscope
from support.counters import growth, tcp_counters
from support.prelude import client, cookie, listen, say
from support.scripts import ran
from support.tracing import BOTH, Taken, complete, of_cgroup, tracing
from synscope.events.wire import Side

pytestmark = pytest.mark.needs_kernel

COUNT = 500
RECORDS = 2 * COUNT + 2  # one of each half, and of the listener one when it listens and one when it closes
TINY_RING = 4096  # seven records
TINY_TABLE = 8


def accepted(count: int) -> None:
    """`count` connections, one after another, each accepted and closed."""
    listener = listen()
    for _ in range(count):
        active = client()
        active.connect(listener.getsockname())
        passive, _ = listener.accept()
        say(cookies=[cookie(active), cookie(passive)])
        active.close()
        passive.close()


def waiting(count: int) -> None:
    """`count` connections at a time, none of them accepted."""
    listener = listen(backlog=count)
    kept = [client() for _ in range(count)]
    for active in kept:
        active.connect(listener.getsockname())
    say()


def lost(taken: Taken, reason: str, *hooks: str) -> int:
    """How many were lost for a reason, by these hooks or by any."""
    counts = {key.rsplit(": ", 1)[0]: n for key, n in taken.trace.footer.lost.items() if key.endswith(reason)}
    return sum(n for hook, n in counts.items() if not hooks or hook in hooks)


def halves(taken: Taken, side: Side) -> int:
    """How many halves of a side are in the trace."""
    rows = taken.trace.halves
    return len(np.unique(rows["cookie"][rows["side"] == side]))


@pytest.mark.parametrize("workload", [accepted, waiting])
def test_what_a_full_ring_does_not_take_is_counted(netns, cgroup, workload):
    with tracing(of_cgroup(cgroup, "record", ring_bytes=TINY_RING)) as taken:
        ran(workload, COUNT, namespace=netns, cgroup=cgroup)
    seen = len(taken.trace.halves)
    assert seen + lost(taken, "ring full") == RECORDS
    assert set(taken.trace.footer.lost) <= {
        f"{hook}: ring full" for hook in ("sockops", "cgroup/getpeername", "cgroup/sock_release")
    }
    # Who was never accepted needs no ring: the sweep at the end takes it from its slot.
    assert 0 < seen < (10 if workload is accepted else COUNT + 10)


def test_in_path_detail_events_and_records_are_counted(netns, cgroup):
    with tracing(of_cgroup(cgroup)) as whole:
        ran(accepted, COUNT, namespace=netns, cgroup=cgroup)
    with tracing(of_cgroup(cgroup, ring_bytes=TINY_RING)) as taken:
        ran(accepted, COUNT, namespace=netns, cgroup=cgroup)
    assert complete(whole.trace)
    events, records = len(whole.trace.events), len(whole.trace.halves)
    seen = len(taken.trace.events) + len(taken.trace.halves)
    assert seen + lost(taken, "ring full") == events + records
    assert {"segments: ring full", "calls: ring full", "sockops: ring full"} <= set(taken.trace.footer.lost)


@pytest.mark.parametrize("detail", BOTH)
def test_each_connection_of_an_incomplete_trace_says_so(netns, cgroup, detail):
    with tracing(of_cgroup(cgroup, detail, ring_bytes=TINY_RING)) as taken:
        reports = ran(accepted, COUNT, namespace=netns, cgroup=cgroup)
    found = taken.connections()
    assert found
    assert all(one.lost == taken.trace.footer.lost for one in found)
    truth = {tuple(report["cookies"]) for report in reports}
    both = [(one.client.cookie, one.server.cookie) for one in found if one.client and one.server]
    assert set(both) <= truth


@pytest.mark.parametrize("detail", BOTH)
def test_polling_in_time_loses_nothing(netns, cgroup, detail):
    with tracing(of_cgroup(cgroup, detail, ring_bytes=1 << 19)) as taken:
        for _ in range(5):
            ran(accepted, 100, namespace=netns, cgroup=cgroup)
            assert taken.session.poll() > 0
    assert complete(taken.trace)
    assert len(taken.connections()) == 500


@pytest.mark.parametrize("detail", BOTH)
def test_clients_that_a_full_table_does_not_take_are_counted(netns, cgroup, detail):
    with tracing(of_cgroup(cgroup, detail, slots=TINY_TABLE)) as taken:
        ran(waiting, COUNT, namespace=netns, cgroup=cgroup)
    assert lost(taken, "table full") > 0
    assert halves(taken, Side.CLIENT) + lost(taken, "table full", "cgroup/connect") == COUNT


@pytest.mark.parametrize("detail", BOTH)
def test_servers_that_a_full_table_does_not_take_are_counted(netns, cgroup, detail):
    with tracing(of_cgroup(cgroup, detail, slots=TINY_TABLE)) as taken:
        ran(waiting, COUNT, namespace=netns, cgroup=cgroup)
    assert halves(taken, Side.SERVER) < TINY_TABLE
    assert halves(taken, Side.SERVER) + lost(taken, "table full", "sockops") == COUNT


def test_a_full_table_makes_no_syn_cookies(netns, cgroup):
    before = tcp_counters(netns)
    with tracing(of_cgroup(cgroup, "record", slots=TINY_TABLE)) as taken:
        ran(waiting, COUNT, namespace=netns, cgroup=cgroup)
    assert growth(before, tcp_counters(netns))["SyncookiesRecv"] == 0
    listeners = [one.server.listener for one in taken.connections() if one.server]
    assert not any(listener and listener.syn_cookie for listener in listeners)


SYNSCOPE = [sys.executable, "-m", "synscope.cli", "run", "--detail"]
ENVIRON = os.environ | {"PYTHONPATH": str(Path(synscope.__file__).parents[1])}
COMMAND = "import os, sys; print(os.getpid(), flush=True); sys.stdin.read()"
ENTER = ["sh", "-c", 'echo 0 > "$0/cgroup.procs" && exec "$@"']


def loaded_by(pid: int) -> set[tuple[str, int]]:
    """The BPF programs and links that a process holds, by kind and id (its descriptors' fdinfo)."""
    found = set()
    for info in Path(f"/proc/{pid}/fdinfo").iterdir():
        text = info.read_text()
        link = re.search(r"^link_id:\s+(\d+)$", text, re.M)
        program = re.search(r"^prog_id:\s+(\d+)$", text, re.M)
        found |= {(kind, int(match[1])) for kind, match in (("link", link), ("prog", program)) if match}
    return found


def exists(kind: str, number: int) -> bool:
    """Whether the kernel still has this program or link (BPF_PROG_GET_FD_BY_ID, BPF_LINK_GET_FD_BY_ID)."""
    libbpf = ctypes.CDLL("libbpf.so.1")
    descriptor = getattr(libbpf, f"bpf_{kind}_get_fd_by_id")(number)
    if descriptor < 0:
        return False
    os.close(descriptor)
    return True


def eventually(condition: Callable[[], bool], timeout: float = 10.0) -> bool:
    """Poll what gives no event: the kernel frees BPF objects some time after the last descriptor closes."""
    deadline = time.monotonic() + timeout
    while not condition():
        if time.monotonic() > deadline:
            return False
        time.sleep(0.01)
    return True


@contextmanager
def synscope_running(detail: str, cgroup: Path) -> Iterator[tuple["subprocess.Popen[str]", int]]:
    """`synscope run` around a command that waits; it and the command's pid."""
    words = [*ENTER, str(cgroup), *SYNSCOPE, detail, "--", sys.executable, "-c", COMMAND]
    process = subprocess.Popen(
        words, env=ENVIRON, text=True, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE
    )
    assert process.stdout
    try:
        yield process, int(process.stdout.readline())
    finally:
        process.kill()
        process.communicate()


@pytest.mark.parametrize("detail", BOTH)
def test_after_kill_9_nothing_stays_attached_and_the_next_run_tidies_up(cgroup, detail):
    with synscope_running(detail, cgroup) as (process, command):
        held = loaded_by(process.pid)
        (own,) = cgroup.glob(f"synscope-{process.pid}-*")
        assert {kind for kind, _ in held} == {"prog", "link"}
        assert all(exists(*one) for one in held)
        process.send_signal(signal.SIGKILL)
        process.wait()
        assert eventually(lambda: not any(exists(*one) for one in held))
        assert (own / "cgroup.procs").read_text().split() == [str(command)]
        words = [*ENTER, str(cgroup), *SYNSCOPE, detail, "--", "true"]
        again = subprocess.run(words, env=ENVIRON, capture_output=True, text=True, check=False, timeout=60)
        assert again.returncode == 0, again.stderr
        assert not own.exists()
        assert not list(cgroup.glob("synscope-*"))
        assert str(command) in (cgroup / "cgroup.procs").read_text().split()  # it only looks: not killed
