"""Kernel stacks, cut down to the part that is about the connection.

A stack taken by a BPF program begins (innermost) with the machinery that ran the program, and ends
with whatever softirq happened to interrupt. On loopback the receiver's work runs on top of the sender's
stack: what is outside of the softirq's entry belongs to the interrupted process, not to the event.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence

import msgspec

from synscope.connections.edges import Edges, Tables
from synscope.connections.model import Context, Evidence

Passed = Callable[[str, str], Iterable[tuple[str, Evidence]]]
"""Caller (a symbol) and callee (a function) to the functions in between, each with its evidence."""

# Where softirqs are run from: handle_softirqs since 6.10 (kernel commit f28d83cd0a28), else __do_softirq.
_SOFTIRQ_ENTRIES = frozenset({"handle_softirqs", "__do_softirq", "__softirqentry_text_start"})
# What proves softirq work where the entry was cut off (64 frames) or a NAPI thread does it.
_SOFTIRQ_ROOTS = ("net_rx_action", "run_timer_softirq", "__netif_receive_skb_one_core")
_MACHINERY = (
    "bpf_prog_",
    "bpf_trace_run",
    "bpf_trampoline_",
    "bpf_dispatcher_",
    "bpf_get_stack",
    "__bpf_",
    "__traceiter_",
    "perf_trace_",
    "trace_call_bpf",
    "0x",  # a BPF program without a symbol
)
_ENTRIES = frozenset(
    {
        "entry_SYSCALL_64_after_hwframe",
        "entry_SYSCALL_64",
        "do_syscall_64",
        "x64_sys_call",
        "entry_SYSENTER_compat_after_hwframe",
        "do_fast_syscall_32",
        "__do_fast_syscall_32",
        "el0t_64_sync",
        "el0t_64_sync_handler",
        "el0_svc",
        "do_el0_svc",
        "el0_svc_common",
        "invoke_syscall",
    }
)
_SEEN: Evidence = "stack"
_STATE_SETTERS = frozenset({"tcp_set_state", "inet_sk_set_state", "inet_sk_state_store"})


class Path(msgspec.Struct, frozen=True, gc=False, cache_hash=True):
    """The functions that one event happened in, outermost first, and the context in which they ran.

    Attributes:
        evidence: how each of `frames` is known; empty where all of them were seen in a stack.
    """

    context: Context
    frames: tuple[str, ...]
    evidence: tuple[Evidence, ...] = ()

    def upto(self, function: str) -> "Path | None":
        """The path down to `function` (its innermost call), or None where it is not in it."""
        if function not in self.frames:
            return None
        end = len(self.frames) - self.frames[::-1].index(function)
        return Path(self.context, self.frames[:end], self.evidence[:end])

    def inserted(self, at: int, function: str, evidence: Evidence) -> "Path":
        """The path with one function more, which becomes `frames[at]`; `len(frames)` makes it the leaf."""
        known = self.evidence or (_SEEN,) * len(self.frames)
        return Path(
            self.context,
            (*self.frames[:at], function, *self.frames[at:]),
            (*known[:at], evidence, *known[at:]),
        )


def function_of(symbol: str) -> str:
    """`tcp_connect` for `tcp_connect+0x2c1`."""
    return symbol.split("+", 1)[0]


def extent(symbols: Sequence[str]) -> tuple[Context, slice]:
    """Which frames of a stack (symbols innermost first) the event ran in, and in which context.

    In softirq context the outermost is net_rx_action or run_timer_softirq where they are there, else the
    outermost frame of the softirq; in process context the system call's own function.
    """
    frames = [function_of(symbol) for symbol in symbols]
    start = next((at for at, name in enumerate(frames) if not name.startswith(_MACHINERY)), len(frames))
    entry = next((at for at in range(start, len(frames)) if frames[at] in _SOFTIRQ_ENTRIES), len(frames))
    root = next((at for name in _SOFTIRQ_ROOTS if (at := _find(frames, name, start, entry)) >= 0), None)
    if root is not None:
        return "softirq", slice(start, root + 1)
    if entry < len(frames):
        return "softirq", slice(start, entry)
    end = len(frames)
    while end > start and frames[end - 1] in _ENTRIES:
        end -= 1
    return "process", slice(start, end)


def _find(frames: list[str], name: str, start: int, end: int) -> int:
    return frames.index(name, start, end) if name in frames[start:end] else -1


def cut(symbols: Sequence[str], passed: "Passed | None" = None) -> Path:
    """The part of a stack (symbols innermost first) that the event ran in, and what was passed in between."""
    context, kept = extent(symbols)
    inward = symbols[kept][::-1]
    frames: list[str] = []
    evidence: list[Evidence] = []
    for caller, symbol in zip(("", *inward), inward, strict=False):
        function = function_of(symbol)
        for name, how in passed(caller, function) if passed and caller else ():
            frames.append(name)
            evidence.append(how)
        frames.append(function)
        evidence.append(_SEEN)
    return Path(context, tuple(frames), tuple(evidence) if len(frames) > len(inward) else ())


def maker_of(path: Path) -> str | None:
    """The function that made a state change: the caller of whatever stores the state."""
    frames = reversed(path.frames)
    return next((name for name in frames if name.split(".", 1)[0] not in _STATE_SETTERS), None)


class Stacks:
    """The stacks of a trace by id; each is cut once, however many events share it.

    Stacks that differ in offsets only are one path, the same object: it compares quickly.
    """

    def __init__(
        self, symbols: Mapping[int, Sequence[str]], edges: Edges | None = None, tables: Tables = ()
    ) -> None:
        """`tables`: addresses of the operations of the socket whose events the stacks are taken for."""
        self._symbols = symbols
        self._edges = edges
        self._tables = tables
        self._paths: dict[int, Path] = {}
        self._makers: dict[int, str | None] = {}
        self._same: dict[Path, Path] = {}
        self._through: dict[Tables, Stacks] = {tables: self}

    def through(self, tables: Tables) -> "Stacks":
        """The same stacks, as those of a socket with these operations."""
        if tables not in self._through:
            self._through[tables] = Stacks(self._symbols, self._edges, tables)
        return self._through[tables]

    def path(self, stack: int) -> Path | None:
        """The stack's path; None without a stack (a negative id, or one that was not read) or frames."""
        if stack not in self._symbols:
            return None
        if stack not in self._paths:
            path = cut(self._symbols[stack], self._passed if self._edges else None)
            self._paths[stack] = self._same.setdefault(path, path)
        path = self._paths[stack]
        return path if path.frames else None

    def maker(self, stack: int) -> str | None:
        """See `maker_of`; None without a stack."""
        if stack not in self._makers:
            path = self.path(stack)
            self._makers[stack] = None if path is None else maker_of(path)
        return self._makers[stack]

    def _passed(self, caller: str, callee: str) -> Iterator[tuple[str, Evidence]]:
        return self._edges.passed(caller, callee, self._tables) if self._edges else iter(())
