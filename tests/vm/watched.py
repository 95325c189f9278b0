"""Runs of one snapshot of the lab while another witness looks on: function_graph inside, gdb outside."""

import json
import os
import shutil
import subprocess
from collections import Counter
from collections.abc import Iterable
from functools import cache, cached_property
from pathlib import Path
from typing import NamedTuple

from support.require import require
from synscope.errors import SynscopeError
from synscope.events.trace import Trace
from synscope.kernel.btf import Btf
from synscope.kernel.symbols import Symbols
from synscope.lab import debian, kernels, mailbox, snapshot
from synscope.lab.account import Account
from synscope.lab.execlog import blocks
from synscope.lab.frames import OUTSIDE, Calls, calls_of
from synscope.lab.machine import Machine
from synscope.lab.messages import PAIR, Order, Outcome
from synscope.lab.ranges import SOFTIRQ, dfilter, filter_ranges
from synscope.lab.snapshot import Snapshot

LIMIT_S = 300.0
Names = tuple[str, ...]

# In the guest: all calls of the functions in argv while PAIR runs, by their numbers in the list of what can
# be traced, for a name takes half a second. What comes before the first empty line are their names.
_GRAPH = """
import os, runpy, sys
def put(name, value):
    with open("/sys/kernel/tracing/" + name, "w") as file: file.write(value)
numbers = {}
for number, line in enumerate(open("/sys/kernel/tracing/available_filter_functions"), 1):
    numbers.setdefault(line.split()[0], []).append(number)
unique = [name for name in sys.argv[1:] if len(numbers.get(name, ())) == 1]
with open("/sys/kernel/tracing/set_ftrace_filter", "wb", buffering=0) as file:
    for name in unique: file.write(b"%d\\n" % numbers[name][0])
put("buffer_size_kb", "8192")
put("options/funcgraph-proc", "1")
put("options/funcgraph-duration", "0")
put("current_tracer", "function_graph")
try: runpy.run_module("MODULE", run_name="__main__", alter_sys=True)
except SystemExit: pass
put("tracing_on", "0")
print("\\n".join(["", *unique, ""]))
print(open("/sys/kernel/tracing/trace").read())
""".replace("MODULE", PAIR.module)

# In gdb: one line of JSON for each stop, [function, rsp, rdi, rsi, rdx, *words], see `Guest.with_gdb`.
_GDB = """
import gdb, json, os, struct
wanted = json.loads(os.environ["WANTED"])
out = open(wanted["out"], "w")
def words(address, count):
    memory = gdb.selected_inferior().read_memory(address, 8 * count)
    return struct.unpack(f"<{count}Q", memory)
class Stop(gdb.Breakpoint):
    def __init__(self, name, address):
        super().__init__(f"*{address:#x}", internal=True)
        self.name = name
    def stop(self):
        frame = gdb.selected_frame()
        values = [int(frame.read_register(name)) & (1 << 64) - 1 for name in ("rsp", "rdi", "rsi", "rdx")]
        if self.name == wanted["at"]:
            [table] = words(values[1] + wanted["offset"], 1)
            values += [table, *words(table, wanted["count"])]
        print(json.dumps([self.name, *values]), file=out, flush=True)
        return False
gdb.execute("set architecture i386:x86-64")
gdb.execute("target remote " + wanted["socket"])
for name, address in wanted["functions"].items(): Stop(name, address)
gdb.execute("continue")
"""


class Stop(NamedTuple):
    """gdb stopped where `function` begins. `words`: a table's address and what is in it, where asked for."""

    function: str
    stack: int
    arguments: list[int]
    words: list[int]


@cache
def guest(series: str) -> "Guest":
    """One for all tests."""
    return Guest(series)


class Guest:
    """A snapshot, and its kernel's own tables."""

    def __init__(self, series: str) -> None:
        self.series = series
        self.kept = kept(series)
        self.symbols = Symbols(self.kept.kallsyms())
        self.btf = Btf(self.kept.btf())

    def logged(self, order: Order) -> tuple[bytes, Outcome]:
        """QEMU's log of one run, and what the guest says of it."""
        ranges = dfilter(filter_ranges(self.symbols))
        with Machine(["-dfilter", ranges], saved=self.kept.saved) as machine:
            machine.log_calls()
            machine.go_on(order)
            outcome = machine.message(LIMIT_S, Outcome)
            return machine.log.path.read_bytes(), outcome

    @cached_property
    def pair(self) -> tuple[bytes, Trace]:
        """The log and the trace of one run of PAIR."""
        log, outcome = self.logged(PAIR)
        return log, self.trace(outcome)

    def trace(self, outcome: Outcome) -> Trace:
        """What the guest's own probes traced."""
        return Account(self.kept).trace(outcome.trace)

    def calls(self, log: bytes) -> Calls:
        """All that the log holds."""
        return calls_of(blocks(log), self.symbols)

    def with_function_graph(self, functions: Iterable[str]) -> tuple[bytes, str]:
        """The log of a run with function_graph on, and the standard output of `_GRAPH`.

        A name is all that function_graph prints: functions that share theirs are left out.
        """
        shared = Counter(line.split(None, 3)[2].decode() for line in self.kept.kallsyms().splitlines())
        unique = [name for name in functions if shared[name] == 1]
        log, outcome = self.logged(Order(command=["python3", "-c", _GRAPH, *unique]))
        assert not outcome.stderr, outcome.stderr.decode()
        return log, outcome.stdout.decode()

    def with_gdb(
        self, functions: Iterable[str], directory: Path, at: str, offset: int, count: int
    ) -> list[Stop]:
        """A run of PAIR without a log, with a breakpoint at each function.

        Where `at` begins, the pointer at `offset` in what its first argument points to is followed, and so
        many words are read there.
        """
        require(shutil.which("gdb"), "no gdb. Try: sudo apt-get install gdb")
        wanted = {
            "functions": {name: self.symbols.address(name) for name in functions},
            "socket": str(directory / "gdb"),
            "out": str(directory / "stops"),
            "at": at,
            "offset": offset,
            "count": count,
        }
        script = directory / "stops.py"
        script.write_text(_GDB)
        stub = f"unix:{wanted['socket']},server=on,wait=off"
        with Machine(["-gdb", stub], saved=self.kept.saved) as machine:
            machine._mailbox.write(mailbox.packed(PAIR))  # gdb lets it go on
            done = subprocess.run(
                ["gdb", "-nx", "-q", "-batch", "-x", str(script)],
                env=os.environ | {"WANTED": json.dumps(wanted)},
                stdin=subprocess.DEVNULL,
                capture_output=True,
                timeout=LIMIT_S,
                check=False,
            )
        assert done.returncode == 0, done.stderr.decode()
        lines = map(json.loads, (directory / "stops").read_text().splitlines())
        return [Stop(name, rsp >> 14, rest[:3], rest[3:]) for name, rsp, *rest in lines]


def kept(series: str) -> Snapshot:
    """The snapshot of Debian's newest kernel of a series, made if need be."""
    try:
        kernel = kernels.of_series(series) or debian.fetch(series, lambda there, all_: None)
        return snapshot.of(kernel, lambda: None)
    except SynscopeError as error:
        require(False, f"no lab: {error}")
        raise


def paths(calls: Calls, among: set[str], start: int) -> list[Names]:
    """Of each call the functions that it was made in, outermost first, itself included.

    A softirq's begin with what runs softirqs. Functions not in `among` and calls before `start` are left out.
    """
    found: list[Names] = []
    for number, (row, parent) in enumerate(zip(calls.rows, calls.parent, strict=True)):
        name = calls.names[row["function"]]
        around = () if parent == OUTSIDE else found[parent]
        found.append((*around, name) if name in among and number >= start else around)
    return [in_context(path) for path in found]


def in_context(path: Names) -> Names:
    last = max((at for at, name in enumerate(path) if name in SOFTIRQ), default=0)
    return path[last:]
