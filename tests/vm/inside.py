"""Run as root in the guest: `inside.py SHARED`. What it leaves in SHARED is for the host to judge.

functions_of_kernel.txt, checks.json (doctor's), sockets.json (support.socket_calls'), inspect.json
(support.inspected's), and for each part trace.syn, reports.json and capture.pcap in a directory of its name:
`graph` (one connection, and graph.txt, what function_graph saw of it), the same by each way that this kernel
has of hooking functions (`kprobe.session` for example), and `path` and `record` (every kind of attempt).
finished.json comes last, with the seconds that each part took; or error.txt.
"""

import json
import os
import shutil
import subprocess
import sys
import time
import traceback
from collections.abc import Collection, Iterator
from contextlib import ExitStack, contextmanager, suppress
from pathlib import Path
from typing import Literal
from unittest.mock import patch

import capstone  # noqa: F401  # synscope imports it when it needs it, which is too late for the bundle
import msgspec

from support import inspected
from support.capture import tcpdump
from support.namespaces import Namespace, child_cgroup, network_namespace
from support.socket_calls import in_a_guest
from support.tracing import of_cgroup, tracing
from synscope.capture.file import read, write
from synscope.errors import SynscopeError
from synscope.kernel.btf import Btf
from synscope.probes import flavours, libbpf
from synscope.probes.doctor import checks
from synscope.tcp import catalogue

WORKLOAD = Path(__file__).with_name("workload.py")
TRACEFS = Path("/sys/kernel/tracing")
ENTER = 'echo 0 > "$0/cgroup.procs" || exit 1; exec "$@"'
OTHERS = """import socket
with socket.create_server(("127.0.0.1", 0)) as server:
    socket.create_connection(server.getsockname()).close()
    server.accept()[0].close()
"""
LIMIT = 120.0
ATTEMPTS = 3  # where a softirq interrupts a program, the kernel runs none for the softirq's functions


def main(shared: Path) -> None:
    """All parts; why not, if one fails."""
    try:
        (shared / "finished.json").write_text(json.dumps(everything(shared)))
    except Exception:  # the host has no other way to learn of it
        (shared / "error.txt").write_text("\n".join([*libbpf.log(), traceback.format_exc()]))
        raise


def everything(shared: Path) -> dict[str, float]:
    """Seconds by part."""
    spent: dict[str, float] = {}
    few = (shared / "functions.txt").read_text().split()
    with timed(spent, "graph"), function_graph(few):
        part(shared / "graph", "path", "pair", str(TRACEFS))
        (shared / "graph" / "graph.txt").write_text((TRACEFS / "trace").read_text())
    for flavour in ways():
        # Hundreds of single kprobes take a minute here: a way that needs them has to do with fewer.
        names = list(catalogue.functions()) if flavour.attach_type else few
        with timed(spent, flavour.name), function_graph(names):
            function_calls(shared / flavour.name, flavour, names)
    with timed(spent, "path"):
        part(shared / "path", "path", "kinds")
    with timed(spent, "record"):
        part(shared / "record", "record", "kinds")
    (shared / "functions_of_kernel.txt").write_text("\n".join(kernel_functions()))
    with timed(spent, "checks"):
        (shared / "checks.json").write_bytes(msgspec.json.encode(checks()))
    with timed(spent, "inspect"), network_namespace() as space:
        (shared / "inspect.json").write_text(json.dumps(inspected.in_a_guest(space)))
    with timed(spent, "sockets"):  # last, for it loads modules
        (shared / "sockets.json").write_text(json.dumps(in_a_guest()))
    return spent


@contextmanager
def timed(spent: dict[str, float], name: str) -> Iterator[None]:
    """The beginning is said on the console too, which is all that there is when a guest hangs."""
    begin = time.monotonic()  # since boot
    print(f"guest: {name} begins at {begin:.0f} s", flush=True)
    yield
    spent[name] = round(time.monotonic() - begin, 1)


def ways() -> list[flavours.Flavour]:
    """Those that this kernel has, but single kprobes only where it has no other."""
    btf = Btf.kernel()
    found = []
    for flavour in flavours.FLAVOURS:
        with suppress(SynscopeError), patch.object(flavours, "FLAVOURS", (flavour,)):
            found.append(flavours.available(btf))
    return [flavour for flavour in found if flavour.attach_type] or found


def function_calls(directory: Path, flavour: flavours.Flavour, names: list[str]) -> None:
    """The part `graph` in functions detail: before it others connect, after it a server waits in accept()."""
    with (
        patch.object(flavours, "FLAVOURS", (flavour,)),
        patch.object(catalogue, "functions", lambda: names),
    ):
        for _ in range(ATTEMPTS):
            shutil.rmtree(directory, ignore_errors=True)
            (TRACEFS / "trace").write_text("")
            part(directory, "functions", "pair", str(TRACEFS))
            if not read(directory / "trace.syn").footer.lost:
                break
    (directory / "graph.txt").write_text((TRACEFS / "trace").read_text())


def part(directory: Path, detail: Literal["record", "path", "functions"], *words: str) -> None:
    """One workload in a namespace and a cgroup of its own, traced and captured."""
    directory.mkdir()
    with ExitStack() as stack:
        space = stack.enter_context(network_namespace())
        cgroup = stack.enter_context(child_cgroup())
        prepare(space)
        stack.enter_context(tcpdump(space, directory / "capture.pcap", "lo", timeout=LIMIT))
        taken = stack.enter_context(tracing(of_cgroup(cgroup, detail), judged=False))  # the host's tests do
        if detail == "functions":
            space.run(sys.executable, "-c", OTHERS)
        reports = workload(space, cgroup, words)
        if detail == "functions":
            reports += stack.enter_context(waiting(space, cgroup))
        (directory / "reports.json").write_text(reports)
        taken.finish()
        write(directory / "trace.syn", taken.trace)


def prepare(space: Namespace) -> None:
    """What some kinds of attempt need."""
    space.run("sysctl", "-qw", "net.ipv4.tcp_fastopen=3")
    space.run("ip", "route", "add", "prohibit", "198.51.100.0/24")


def workload(space: Namespace, cgroup: Path, words: tuple[str, ...]) -> str:
    """The workload's reports, one JSON object a line."""
    done = subprocess.run(
        command_of(space, cgroup, words),
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        timeout=LIMIT,
        check=False,
    )
    if done.returncode:
        raise RuntimeError(f"the workload failed: {done.stderr}")
    return done.stdout


def command_of(space: Namespace, cgroup: Path, words: tuple[str, ...]) -> list[str]:
    """The workload, in the namespace and the cgroup."""
    return space.enter("sh", "-c", ENTER, str(cgroup), sys.executable, str(WORKLOAD), *words)


@contextmanager
def waiting(space: Namespace, cgroup: Path) -> Iterator[str]:
    """The report of a server that is inside accept() while the block runs."""
    process = subprocess.Popen(command_of(space, cgroup, ("waits",)), stdout=subprocess.PIPE, text=True)
    assert process.stdout is not None
    try:
        report = process.stdout.readline()
        place = Path(f"/proc/{json.loads(report)['tid']}/wchan")
        until = time.monotonic() + LIMIT
        while place.read_text() != "inet_csk_accept":
            assert time.monotonic() < until, place.read_text()
            os.sched_yield()
        yield report
    finally:
        process.kill()
        process.wait()
        process.stdout.close()


@contextmanager
def function_graph(functions: Collection[str]) -> Iterator[None]:
    """The kernel's own function_graph tracer, off as yet, of those functions that this kernel has.

    Of all tasks: softirqs run in whatever task they interrupt.
    """
    (TRACEFS / "tracing_on").write_text("0")
    (TRACEFS / "set_ftrace_filter").write_text("\n".join(numbers_of(functions)))
    (TRACEFS / "current_tracer").write_text("function_graph")
    for option in ("funcgraph-proc", "funcgraph-tail"):
        (TRACEFS / "options" / option).write_text("1")
    try:
        yield
    finally:
        (TRACEFS / "current_tracer").write_text("nop")


def kernel_functions() -> list[str]:
    """The symbols of the kernel's text (kallsyms: type t, T, w or W), modules' too."""
    with Path("/proc/kallsyms").open() as lines:
        symbols = [line.split()[1:3] for line in lines]
    return [name for kind, name in symbols if kind in "tTwW"]


def numbers_of(functions: Collection[str]) -> list[str]:
    """Their lines in available_filter_functions: by number a filter is set at once, by name in a minute."""
    with (TRACEFS / "available_filter_functions").open() as lines:
        return [str(at) for at, line in enumerate(lines, 1) if line.split()[0] in functions]


if __name__ == "__main__":
    main(Path(sys.argv[1]))
