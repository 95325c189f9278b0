"""System calls on sockets that failed before there was any connection: their findings have no connection."""

from collections.abc import Iterator
from typing import TYPE_CHECKING, NamedTuple

from synscope.connections.rows import EventRow
from synscope.events.wire import PathKind
from synscope.tcp.errnos import errno_name

if TYPE_CHECKING:
    from synscope.diagnosis.around import Around

_GREATEST_ERRNO = 4095
# What connect() says of an attempt that goes on or is over: no failure of its own.
_HARMLESS = frozenset(
    {"EINPROGRESS", "EALREADY", "EISCONN", "EINTR", "EAGAIN", "ECONNABORTED", "ERESTARTSYS", "ERESTARTNOINTR"}
)


class FailedCall(NamedTuple):
    """One call that failed.

    Attributes:
        cookie: of its socket; 0 for socket(), for accept() that of the listener.
        port: that bind() asked for; None where not known, 0: any.
        created: for socket(): whether a TCP socket had been made before the call failed.
    """

    name: str
    error: str
    t_ns: int
    end_ns: int
    pid: int
    tid: int
    comm: str
    cookie: int
    created: bool
    port: int | None = None

    @property
    def to_port(self) -> str:
        """` to port 8080`; empty where no port was asked for."""
        return f" to port {self.port}" if self.port else ""

    @property
    def who(self) -> str:
        """`python3[4711]`."""
        return f"{self.comm or '?'}[{self.pid}]"


def failed_calls(around: "Around") -> list[FailedCall]:
    """The failed calls of a trace on TCP sockets, or on what may have become one, in order of time."""
    return sorted(_pairs(around), key=lambda call: call.t_ns)


def untold(around: "Around") -> list[FailedCall]:
    """Those that no connection tells of: no half began in them, none waited for them."""
    return [call for call in around.failed if not _is_told(call, around)]


def _pairs(around: "Around") -> Iterator[FailedCall]:
    """CALL and the RETURN or ACCEPT that follows in its thread."""
    begun: EventRow | None = None
    for event in around.all_calls():
        if event.kind == PathKind.CALL:
            begun = event
            continue
        if begun is not None and begun.tid == event.tid and begun.syscall == event.syscall:
            call = _failed(begun, event, around)
            if call is not None:
                yield call
        begun = None


def _failed(begun: EventRow, ended: EventRow, around: "Around") -> FailedCall | None:
    if not -_GREATEST_ERRNO <= ended.code < 0:
        return None
    error = errno_name(-ended.code) or ""
    if error in _HARMLESS:
        return None
    name = around.syscall(ended)
    return FailedCall(
        name=name,
        error=error,
        t_ns=begun.t,
        end_ns=ended.t,
        pid=ended.pid,
        tid=ended.tid,
        comm=around.comms.get(ended.pid, ""),
        cookie=begun.cookie or ended.cookie,
        created=name == "socket" and around.created(begun.tid, begun.t, ended.t),
        port=int.from_bytes(ended.header[:2], "big") if ended.header_len else None,
    )


def _is_told(call: FailedCall, around: "Around") -> bool:
    if call.name == "socket":
        return False
    if not call.cookie:  # a socket of another protocol
        return True
    if call.name.startswith("accept"):
        queue = around.queues.get(call.cookie)
        return queue is not None and queue.waiting(call.end_ns) > 0
    return call.name == "connect" and around.connected(call.cookie, call.end_ns)
