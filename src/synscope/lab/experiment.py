"""One run of a command in the lab: restore a snapshot, give the order, collect the trace.

Between the order and the outcome the machine is not stopped, so that every run is the same: where it stops,
and the guest stops by itself at `Door.call(message)`, QEMU may set its clock forward to its next timer or
not, whatever its threads do first. QEMU's log is on all that time.
"""

from collections.abc import Callable
from typing import Literal

import msgspec
from msgspec.structs import replace

from synscope.capture.file import read
from synscope.events.trace import Trace
from synscope.kernel.btf import Btf
from synscope.kernel.symbols import Symbols
from synscope.lab import snapshot
from synscope.lab.calls import function_calls
from synscope.lab.kernels import Kernel
from synscope.lab.machine import Machine
from synscope.lab.memory import MemoryFile
from synscope.lab.messages import Order, Outcome

RUN_S = 300.0
"""Seconds of wall time that a command may take; its own limit counts the guest's clock."""

Detail = Literal["path", "functions"]


class Result(msgspec.Struct, frozen=True):
    """What came of it; `status` as a shell gives it, None: the command was killed at its limit."""

    trace: Trace
    status: int | None
    stdout: bytes
    stderr: bytes


def run(kernel: Kernel, order: Order, detail: Detail, booting: Callable[[], object] = lambda: None) -> Result:
    """Run one order on `kernel`; `booting` is called where that takes the time of a boot.

    Raises:
        SynscopeError: there is no QEMU, the guest does not get ready or hangs, or has no such program.
    """
    kept = snapshot.of(kernel, booting)
    if detail == "path":
        with Machine([], saved=kept.saved) as machine:
            return _run(machine, order)
    symbols = Symbols(kept.kallsyms())
    with Machine(["-dfilter", kept.dfilter], saved=kept.saved) as machine:
        result = _run(machine, order, logged=True)
        trace = _with_calls(result.trace, machine.log.path.read_bytes(), symbols, Btf(kept.btf()))
    return replace(result, trace=trace)


def _run(machine: Machine, order: Order, logged: bool = False) -> Result:
    """Without the calls, which are in the log."""
    if logged:
        machine.log_calls()
    machine.go_on(order)
    outcome = machine.message(RUN_S, Outcome)
    trace = _inside(outcome, f"QEMU {machine.version}, tcg, icount")
    return Result(trace, outcome.status, outcome.stdout, outcome.stderr)


def _inside(outcome: Outcome, lab: str) -> Trace:
    """What the guest traced."""
    with MemoryFile("trace") as file:
        file.write(outcome.trace)
        trace = read(file.path)
    return replace(trace, header=replace(trace.header, lab=lab))


def _with_calls(trace: Trace, log: bytes, symbols: Symbols, btf: Btf) -> Trace:
    """And what QEMU's log tells of it."""
    calls, functions = function_calls(log, symbols, btf, trace.halves)
    return replace(
        trace,
        header=replace(trace.header, detail="functions", calls_clock="order"),
        calls=calls,
        footer=replace(trace.footer, functions=functions),
    )
