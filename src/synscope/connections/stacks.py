"""Kernel stacks, cut down to the part that is about the connection.

A stack taken by a BPF program begins (innermost) with the machinery that ran the program, and ends
with whatever softirq happened to interrupt. On loopback the receiver's work runs on top of the sender's
stack: what is outside of the softirq's entry belongs to the interrupted process, not to the event.
"""

from collections.abc import Mapping, Sequence
from typing import NamedTuple

from synscope.connections.model import Context

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
_STATE_SETTERS = frozenset({"tcp_set_state", "inet_sk_set_state", "inet_sk_state_store"})


class Path(NamedTuple):
    """The frames of one event, outermost first, without offsets, and the context in which they ran."""

    context: Context
    frames: tuple[str, ...]


def function_of(symbol: str) -> str:
    """`tcp_connect` for `tcp_connect+0x2c1`."""
    return symbol.split("+", 1)[0]


def cut(symbols: Sequence[str]) -> Path:
    """The part of a stack (symbols innermost first) that the event ran in.

    In softirq context the root is net_rx_action or run_timer_softirq where they are there, else the
    outermost frame of the softirq; in process context the system call's own function.
    """
    frames = [function_of(symbol) for symbol in symbols]
    start = next((at for at, name in enumerate(frames) if not name.startswith(_MACHINERY)), len(frames))
    frames = frames[start:]
    entry = next((at for at, name in enumerate(frames) if name in _SOFTIRQ_ENTRIES), None)
    inner = frames if entry is None else frames[:entry]
    root = next((inner.index(name) for name in _SOFTIRQ_ROOTS if name in inner), None)
    if entry is None and root is None:
        return Path("process", tuple(_without_entry(frames)))
    return Path("softirq", tuple(reversed(inner if root is None else inner[: root + 1])))


def maker_of(symbols: Sequence[str]) -> str | None:
    """The function that made a state change: the caller of whatever stores the state."""
    frames = reversed(cut(symbols).frames)
    return next((name for name in frames if name.split(".", 1)[0] not in _STATE_SETTERS), None)


def _without_entry(frames: list[str]) -> list[str]:
    outward = list(reversed(frames))
    while outward and outward[0] in _ENTRIES:
        outward.pop(0)
    return outward


class Stacks:
    """The stacks of a trace by id; each is cut once, however many events share it.

    Stacks that differ in offsets only are one path, the same object: it compares quickly.
    """

    def __init__(self, symbols: Mapping[int, Sequence[str]]) -> None:
        self._symbols = symbols
        self._paths: dict[int, Path] = {}
        self._makers: dict[int, str | None] = {}
        self._same: dict[Path, Path] = {}

    def path(self, stack: int) -> Path | None:
        """The stack's path; None without a stack (a negative id, or one that was not read) or frames."""
        if stack not in self._symbols:
            return None
        if stack not in self._paths:
            path = cut(self._symbols[stack])
            self._paths[stack] = self._same.setdefault(path, path)
        path = self._paths[stack]
        return path if path.frames else None

    def maker(self, stack: int) -> str | None:
        """See `maker_of`; None without a stack."""
        if stack not in self._symbols:
            return None
        if stack not in self._makers:
            self._makers[stack] = maker_of(self._symbols[stack])
        return self._makers[stack]
