"""The system calls of a trace: which one a milestone was reached in."""

import numpy as np

from synscope.connections.calls import SystemCall
from synscope.connections.model import SideName
from synscope.events.trace import Trace
from synscope.events.wire import PathKind
from synscope.tcp.errnos import errno_name

# include/linux/syscalls.h and arch/*/include/asm/syscall_wrapper.h: what a call's function is named.
_PREFIX = {
    "x86_64": "__x64_sys_",
    "aarch64": "__arm64_sys_",
    "s390x": "__s390x_sys_",
    "riscv64": "__riscv_sys_",
}
_GREATEST_ERRNO = 4095  # MAX_ERRNO, include/linux/err.h

CALLS_OF_MILESTONES = {
    "socket": ("socket",),
    "bind": ("bind",),
    "listen": ("listen",),
    "connect": ("connect",),
    "accepted": ("accept", "accept4"),
}


class SystemCalls:
    """CALL events, each with the RETURN that follows in the same thread (a thread is in one call)."""

    def __init__(self, trace: Trace) -> None:
        events = trace.events
        chosen = events[np.isin(events["kind"], (PathKind.CALL, PathKind.RETURN))]
        order = np.lexsort((chosen["t"], chosen["tid"]))
        self._events = chosen[order]
        self._tid = self._events["tid"]
        self._names = trace.header.syscalls
        self._prefix = _PREFIX.get(trace.header.machine, "sys_")

    def __len__(self) -> int:
        return len(self._events)

    def find(self, tid: int, milestone: str, t_ns: int, side: SideName) -> SystemCall | None:
        """The call in which thread `tid` reached the milestone at `t_ns`: its last before that time."""
        names = CALLS_OF_MILESTONES[milestone]
        begin, end = (int(np.searchsorted(self._tid, tid, side=edge)) for edge in ("left", "right"))
        last = begin + int(np.searchsorted(self._events["t"][begin:end], np.uint64(t_ns), side="right")) - 1
        # accept() is seen at its end: its RETURN may be stamped just before the milestone.
        while last >= begin and self._events["kind"][last] != PathKind.CALL:
            last -= 1
        if last < begin or self._name(last) not in names:
            return None
        return self._call(last, end, side)

    def _name(self, at: int) -> str:
        return self._names.get(int(self._events["syscall"][at]), "")

    def _call(self, at: int, end: int, side: SideName) -> SystemCall:
        call = self._events[at]
        after = self._events[at + 1] if at + 1 < end else None
        if after is None or after["kind"] != PathKind.RETURN or after["syscall"] != call["syscall"]:
            after = None
        return SystemCall(
            function=self._prefix + self._name(at),
            side=side,
            enter_ns=int(call["t"]),
            exit_ns=None if after is None else int(after["t"]),
            ret=None if after is None else returned(int(after["code"])),
        )


def returned(code: int) -> str:
    """A system call's return value: `0`, `5`, `-ECONNREFUSED`."""
    return f"-{errno_name(-code)}" if -_GREATEST_ERRNO <= code < 0 else str(code)
