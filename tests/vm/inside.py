"""Run as root in the guest: `inside.py SHARED`. What it leaves in SHARED is for the host to judge.

checks.json (doctor's), then for each part trace.syn, reports.json and capture.pcap in a directory of its
name: `graph` (one connection, and graph.txt, what function_graph saw of it), `path` and `record` (every kind
of attempt). finished.json comes last, with the seconds that each part took; or error.txt.
"""

import json
import subprocess
import sys
import time
import traceback
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Literal

import msgspec

from support.capture import tcpdump
from support.namespaces import Namespace, child_cgroup, network_namespace
from support.tracing import of_cgroup, tracing
from synscope.capture.file import write
from synscope.probes import libbpf
from synscope.probes.doctor import checks

WORKLOAD = Path(__file__).with_name("workload.py")
TRACEFS = Path("/sys/kernel/tracing")
ENTER = 'echo 0 > "$0/cgroup.procs" || exit 1; exec "$@"'
LIMIT = 120.0


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
    with timed(spent, "graph"), function_graph(shared / "functions.txt"):
        part(shared / "graph", "path", "pair", str(TRACEFS))
        (shared / "graph" / "graph.txt").write_text((TRACEFS / "trace").read_text())
    with timed(spent, "path"):
        part(shared / "path", "path", "kinds")
    with timed(spent, "record"):
        part(shared / "record", "record", "kinds")
    with timed(spent, "checks"):
        (shared / "checks.json").write_bytes(msgspec.json.encode(checks()))
    return spent


@contextmanager
def timed(spent: dict[str, float], name: str) -> Iterator[None]:
    """The beginning is said on the console too, which is all that there is when a guest hangs."""
    begin = time.monotonic()  # since boot
    print(f"guest: {name} begins at {begin:.0f} s", flush=True)
    yield
    spent[name] = round(time.monotonic() - begin, 1)


def part(directory: Path, detail: Literal["record", "path"], *words: str) -> None:
    """One workload in a namespace and a cgroup of its own, traced and captured."""
    directory.mkdir()
    with ExitStack() as stack:
        space = stack.enter_context(network_namespace())
        cgroup = stack.enter_context(child_cgroup())
        prepare(space)
        stack.enter_context(tcpdump(space, directory / "capture.pcap", "lo", timeout=LIMIT))
        taken = stack.enter_context(tracing(of_cgroup(cgroup, detail)))
        (directory / "reports.json").write_text(workload(space, cgroup, words))
        taken.finish()
        write(directory / "trace.syn", taken.trace)


def prepare(space: Namespace) -> None:
    """What some kinds of attempt need."""
    space.run("sysctl", "-qw", "net.ipv4.tcp_fastopen=3")
    space.run("ip", "route", "add", "prohibit", "198.51.100.0/24")


def workload(space: Namespace, cgroup: Path, words: tuple[str, ...]) -> str:
    """The workload's reports, one JSON object a line."""
    command = ["sh", "-c", ENTER, str(cgroup), sys.executable, str(WORKLOAD), *words]
    done = subprocess.run(
        space.enter(*command),
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        timeout=LIMIT,
        check=False,
    )
    if done.returncode:
        raise RuntimeError(f"the workload failed: {done.stderr}")
    return done.stdout


@contextmanager
def function_graph(functions: Path) -> Iterator[None]:
    """The kernel's own function_graph tracer, off as yet, of those functions in a file that this kernel has.

    Of all tasks: softirqs run in whatever task they interrupt.
    """
    (TRACEFS / "tracing_on").write_text("0")
    (TRACEFS / "set_ftrace_filter").write_text("\n".join(numbers_of(functions.read_text().split())))
    (TRACEFS / "current_tracer").write_text("function_graph")
    for option in ("funcgraph-proc", "funcgraph-tail"):
        (TRACEFS / "options" / option).write_text("1")
    try:
        yield
    finally:
        (TRACEFS / "current_tracer").write_text("nop")


def numbers_of(functions: list[str]) -> list[str]:
    """Their lines in available_filter_functions: by number a filter is set at once, by name in a minute."""
    with (TRACEFS / "available_filter_functions").open() as lines:
        return [str(at) for at, line in enumerate(lines, 1) if line.split()[0] in functions]


if __name__ == "__main__":
    main(Path(sys.argv[1]))
