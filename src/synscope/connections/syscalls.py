"""The system calls of a trace: which one a milestone was reached in."""

from collections.abc import Iterator

import numpy as np

from synscope.connections.calls import SystemCall
from synscope.connections.half import moment
from synscope.connections.model import SideName
from synscope.connections.rows import HalfRow
from synscope.connections.timeline import Timeline, column
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
_CALL = int(PathKind.CALL)
_ENDS = (int(PathKind.RETURN), int(PathKind.ACCEPT))
_GREATEST_ERRNO = 4095  # MAX_ERRNO, include/linux/err.h

CALLS_OF_MILESTONES = {
    "socket": ("socket",),
    "bind": ("bind",),
    "listen": ("listen",),
    "connect": ("connect",),
    "accepted": ("accept", "accept4"),
}


class SystemCalls:
    """CALL events, each with the RETURN or ACCEPT that follows in the same thread (which is in one call)."""

    def __init__(self, trace: Trace) -> None:
        events = trace.events
        chosen = events[np.isin(events["kind"], (_CALL, *_ENDS))]
        self._timeline = Timeline(chosen["tid"], chosen["t"])
        self._kind, self._syscall = (
            column(chosen[name][self._timeline.order]) for name in ("kind", "syscall")
        )
        self._code = chosen["code"][self._timeline.order]
        self._names = trace.header.syscalls
        self._prefix = _PREFIX.get(trace.header.machine, "sys_")

    def of(self, row: HalfRow, side: SideName) -> Iterator[SystemCall]:
        """The calls in which the row's thread reached the row's milestones."""
        if not row.tid or not len(self._timeline):
            return
        for milestone in CALLS_OF_MILESTONES:
            t_ns = moment(row, milestone)
            call = None if t_ns is None else self.find(row.tid, milestone, t_ns, side)
            if call is not None:
                yield call

    def find(self, tid: int, milestone: str, t_ns: int, side: SideName) -> SystemCall | None:
        """The call in which thread `tid` reached the milestone at `t_ns`: its last before that time."""
        begin, end = self._timeline.between(tid, 0, t_ns + 1)
        last = end - 1
        # accept() is seen at its end: its ACCEPT may be stamped just before the milestone.
        while last >= begin and self._kind[last] != _CALL:
            last -= 1
        if last < begin or self._name(last) not in CALLS_OF_MILESTONES[milestone]:
            return None
        return self._call(last, self._timeline.span(tid)[1], side)

    def _name(self, place: int) -> str:
        return self._names.get(self._syscall[place], "")

    def _call(self, place: int, end: int, side: SideName) -> SystemCall:
        after = place + 1
        done = after < end and self._kind[after] in _ENDS and self._syscall[after] == self._syscall[place]
        return SystemCall(
            function=self._prefix + self._name(place),
            side=side,
            enter_ns=self._timeline.time(place),
            exit_ns=self._timeline.time(after) if done else None,
            ret=returned(int(self._code[after])) if done else None,
        )


def returned(code: int) -> str:
    """A system call's return value: `0`, `5`, `-ECONNREFUSED`."""
    return f"-{errno_name(-code)}" if -_GREATEST_ERRNO <= code < 0 else str(code)
