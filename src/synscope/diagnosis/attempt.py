"""A connection attempt as its sockets tell it: what became of it, what ended it, how connect() was called."""

from functools import cached_property
from typing import Literal, NamedTuple

from synscope.connections.model import Connection, Half, SideName
from synscope.connections.rows import EventRow, HalfRow
from synscope.diagnosis.around import Around
from synscope.events.wire import HalfFlag, PathKind
from synscope.tcp.errnos import errno_name
from synscope.tcp.states import State
from synscope.text import ASCII, relative

Ended = Literal["reset", "icmp", "timer", "owner", "connect"]

_ENDINGS: tuple[tuple[str, Ended], ...] = (
    # The function under which the socket went to CLOSE, innermost last: the first that fits.
    ("tcp_v4_err", "icmp"),
    ("tcp_v6_err", "icmp"),
    ("tcp_reset", "reset"),
    ("tcp_rcv_state_process", "reset"),
    ("tcp_write_timer", "timer"),
    ("tcp_retransmit_timer", "timer"),
    ("__tcp_close", "owner"),
    ("tcp_close", "owner"),
    ("tcp_disconnect", "owner"),
    ("tcp_v4_connect", "connect"),
    ("tcp_v6_connect", "connect"),
)
_TIMEOUTS = ("ETIMEDOUT",)
_CLOSE = int(State.CLOSE)
_LONGEST_ERRNO = 4095
_INTERRUPTED = ("EINTR", "ERESTARTSYS", "ERESTARTNOINTR", "ERESTARTNOHAND", "ERESTART_RESTARTBLOCK")


class ConnectCall(NamedTuple):
    """One connect() on the socket; `ret` is `0` or `-ECONNREFUSED`, None while it has not returned."""

    t_ns: int
    end_ns: int | None
    code: int | None

    @property
    def error(self) -> str | None:
        """The errno's name; None without one."""
        return errno_name(-self.code) if self.code is not None and -_LONGEST_ERRNO <= self.code < 0 else None

    @property
    def interrupted(self) -> bool:
        """Whether a signal ended it: with SA_RESTART the kernel calls it again by itself."""
        return self.error in _INTERRUPTED


class Attempt:
    """One connection and its sockets' own facts, each computed when asked for, and once."""

    def __init__(self, connection: Connection, around: Around) -> None:
        self.connection = connection
        self.around = around
        self.client: Half | None = connection.client
        self.server: Half | None = connection.server
        self.outcome = connection.outcome
        self.errno = connection.errno

    # What became of it

    @property
    def established(self) -> bool:
        """Whether either side was."""
        return self.outcome == "established"

    @property
    def going_on(self) -> bool:
        """Whether the trace ended first."""
        return self.outcome == "in_progress"

    @property
    def record(self) -> bool:
        """Whether only record detail is there: no stacks, no segments, no calls."""
        return self.around.record

    def moment(self, name: str, side: SideName) -> int | None:
        """When `side` reached the milestone `name`, ns."""
        found = (m.t_ns for m in self.connection.milestones if m.name == name and m.side == side)
        return next(found, None)

    @cached_property
    def start_ns(self) -> int:
        """Zero of the connection's time: connect(), else its first own moment, as the views have it."""
        connect = self.moment("connect", "client")
        if connect is not None:
            return connect
        marks = self.connection.milestones
        own = [m.t_ns for m in marks if m.side == "client" or m.name not in ("socket", "bind", "listen")]
        return min(own or [m.t_ns for m in marks] or [0])

    def at(self, t_ns: int | None) -> str:
        """`at +45 us`; empty where the time is not known."""
        return "" if t_ns is None else f"at {relative(t_ns - self.start_ns, ASCII)}"

    @cached_property
    def end_ns(self) -> int | None:
        """When the client's socket was closed, or the connection given up."""
        return self.moment("closed", "client") or self.moment("closed", "server")

    @cached_property
    def last_ns(self) -> int:
        """Until when it was watched: its end, else the trace's."""
        return self.end_ns or self.around.footer.ended_mono_ns or self.start_ns

    # The sockets

    @cached_property
    def client_row(self) -> HalfRow | None:
        """The client half's row."""
        half = self.client
        return self.around.row(half.cookie, self.moment("connect", "client")) if half else None

    @cached_property
    def server_row(self) -> HalfRow | None:
        """The server half's row."""
        half = self.server
        return self.around.row(half.cookie, self.moment("connect", "server")) if half else None

    @property
    def syn_out_ns(self) -> int | None:
        """When the SYN was made."""
        return self.moment("syn_out", "client")

    @property
    def syn_retransmits(self) -> int:
        """SYNs that the client sent again."""
        return self.client.retransmits if self.client else 0

    @property
    def unanswered(self) -> bool:
        """Whether the client sent a SYN and was never answered by a SYN-ACK that it could use."""
        if self.client is None or self.syn_out_ns is None or self.established:
            return False
        return not self.answered_by_reset and self.moment("synack_in", "client") is None

    @cached_property
    def reached(self) -> list[str]:
        """The states that the client moved to, in order."""
        return [t.target for t in self.connection.transitions if t.side == "client"]

    @cached_property
    def ended_in(self) -> tuple[str, ...]:
        """The functions in which the client's socket went to CLOSE, outermost first (path detail)."""
        row = self.client_row
        steps = [step for step in row.transitions if step.target == _CLOSE] if row else []
        return self.around.path(steps[-1].stack) if steps else ()

    @cached_property
    def ended_by(self) -> Ended | None:
        """What ended the client's attempt: from the stack, else from what the socket remembers."""
        if self.client is None or self.established or "CLOSE" not in self.reached:
            return None
        names = {name.split(".", 1)[0] for name in self.ended_in}
        by_stack = next((ending for name, ending in _ENDINGS if name in names), None)
        return by_stack or self._remembered_ending()

    def _remembered_ending(self) -> Ended | None:
        assert self.client is not None
        if self.answered_by_reset:
            return "reset"
        if self.client.sk_err in _TIMEOUTS:
            return "timer"
        if self.client.sk_err is not None:
            return "icmp"
        return "owner" if self.outcome == "aborted" else None

    @property
    def icmp_noted(self) -> str | None:
        """The error of an ICMP message that the client's socket took note of (sk_err_soft)."""
        return self.client.sk_err_soft if self.client else None

    @cached_property
    def answered_by_reset(self) -> bool:
        """Whether the client's socket took an RST."""
        row = self.client_row
        if row is not None and row.flags & HalfFlag.RESET_IN:
            return True
        if self.outcome in ("timed_out", "aborted"):  # an RST that came may have been freed before TCP saw it
            return False
        return any(s.source == "server" and "R" in s.flags for s in self.connection.segments)

    # Calls and segments (path detail)

    @cached_property
    def connects(self) -> list[ConnectCall]:
        """The connect() calls of the attempt, in order."""
        if self.client is None:
            return []
        begun: EventRow | None = None
        found: list[ConnectCall] = []
        for event in self.around.calls(self.client.cookie):
            if event.tid != self.client.tid or self.around.syscall(event) != "connect":
                continue
            if event.kind == PathKind.CALL:
                begun = event
            elif begun is not None:
                found.append(ConnectCall(begun.t, event.t, event.code))
                begun = None
        if begun is not None:
            found.append(ConnectCall(begun.t, None, None))
        return [call for call in found if call.end_ns is None or call.end_ns >= self.start_ns]

    @cached_property
    def _lookups(self) -> list[EventRow]:
        """The route lookups of connect()."""
        if self.client is None or not self.connects:
            return []
        first = self.connects[0]
        return self.around.routes(self.client.tid, first.t_ns, first.end_ns or self.last_ns)

    @property
    def route_errors(self) -> list[str]:
        """What the route lookups of connect() failed with, where they were traced."""
        return [errno_name(-event.code) or "" for event in self._lookups if event.code < 0]

    @property
    def route_was_found(self) -> bool:
        """Whether the last of them found a route."""
        return bool(self._lookups) and self._lookups[-1].code >= 0

    @property
    def route_was_looked_up(self) -> bool | None:
        """Whether connect() came as far as a routing table; None where that was not traced."""
        if self._lookups:
            return True
        traced = self.around.traces_routes and not self.around.lossy and self.connects
        return False if traced else None
