"""The calls of a lab's run: QEMU's log as rows of `wire.FUNCTION_CALL`."""

import re

import numpy as np
import numpy.typing as npt

from synscope.events.trace import Rows
from synscope.events.wire import CallFlag
from synscope.kernel.btf import Btf
from synscope.kernel.prototypes import Function, prototypes
from synscope.kernel.symbols import Symbols
from synscope.lab.execlog import blocks
from synscope.lab.frames import OUTSIDE, Calls, calls_of
from synscope.lab.ranges import CALLERS
from synscope.lab.ties import cookies, roots, threads

# A BPF program, by its tag, and what the macros of include/trace/ make of each tracepoint.
_PROBING = re.compile(
    r"bpf_prog_[0-9a-f]{16}|bpf_trampoline_|__traceiter_|__bpf_trace_|trace_event_raw_event_|perf_trace_"
)


def function_calls(log: bytes, symbols: Symbols, btf: Btf, halves: Rows) -> tuple[Rows, list[Function]]:
    """Rows of `FUNCTION_CALL`, and the functions that they count.

    `halves`: of the same run; their sockets' cookies and threads are those of the rows. Left out are calls
    made in none for a half, those of threads that no half names, and what the probes themselves do: BPF
    programs, all that these call, and the tracepoints that call them.
    """
    calls = calls_of(blocks(log), symbols)
    functions = prototypes(btf, calls.names)
    cookie = cookies(calls, functions, halves)
    pid, tid = threads(calls, cookie, halves)
    rows = calls.rows.copy()
    rows["cookie"], rows["pid"], rows["tid"] = cookie, pid, tid
    told = _told(calls)
    jumped_from = np.where(calls.parent == OUTSIDE, 0, calls.parent)
    rows["flags"][~told[jumped_from]] &= ~np.uint8(CallFlag.TAIL)
    void = np.array([_is_void(function) for function in functions], bool)
    rows["ret"][void[rows["function"]]] = 0
    somebody = (rows["tid"] != 0) | ((rows["flags"] & CallFlag.SOFTIRQ) != 0)
    return _compact(rows[told & somebody & _for_a_half(calls, told, cookie)], functions)


def _told(calls: Calls) -> npt.NDArray[np.bool_]:
    """Which calls are the kernel's own work in net/: not the probes', nor of what is only around it."""
    probing = [_PROBING.match(name) is not None for name in calls.names]
    around = np.array([name in CALLERS for name in calls.names], bool)[calls.rows["function"]]
    hidden = np.array(probing, bool)[calls.rows["function"]]
    for number, parent in enumerate(calls.parent.tolist()):
        hidden[number] |= parent != OUTSIDE and hidden[parent]
    told: npt.NDArray[np.bool_] = ~(hidden | around)
    return told


def _for_a_half(
    calls: Calls, told: npt.NDArray[np.bool_], cookie: npt.NDArray[np.uint64]
) -> npt.NDArray[np.bool_]:
    """Whether a call, or one in the same outermost call that is told, worked for a half."""
    parent = np.where((calls.parent == OUTSIDE) | ~told[calls.parent], OUTSIDE, calls.parent)
    outermost = roots(parent)
    return np.isin(outermost, outermost[cookie != 0])


def _is_void(function: Function) -> bool:
    return function.returns is not None and function.returns.type == "void"


def _compact(rows: Rows, functions: list[Function]) -> tuple[Rows, list[Function]]:
    """The same with only those functions that are called."""
    used, rows["function"] = np.unique(rows["function"], return_inverse=True)
    return rows, [functions[number] for number in used]
