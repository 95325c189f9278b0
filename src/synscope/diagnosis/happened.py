"""The events of a trace (path detail), found by socket or by thread, and by time."""

from collections.abc import Iterator
from functools import cached_property

import numpy as np

from synscope.connections.half import drop_reason, location
from synscope.connections.rows import EventRow, event_rows
from synscope.connections.stacks import Stacks
from synscope.connections.timeline import Timeline
from synscope.events.trace import Rows, Trace
from synscope.events.wire import PathKind
from synscope.tcp.header import ACK, SYN

_SEGMENTS = (PathKind.SENT, PathKind.RECEIVED, PathKind.DROPPED)
_CALLS = (PathKind.CALL, PathKind.RETURN, PathKind.ACCEPT)
_SEQ, _FLAGS = slice(4, 8), 13  # of a TCP header's bytes, RFC 9293 section 3.1


class Happened:
    """Indexes, each made when it is first asked for: what is asked of one of them never goes through all."""

    def __init__(self, trace: Trace) -> None:
        self.trace = trace
        self.header = trace.header
        self.footer = trace.footer
        self._stacks = Stacks(trace.footer.stacks)

    def _of(self, *kinds: PathKind) -> Rows:
        events = self.trace.events
        chosen: Rows = events[np.isin(events["kind"], [int(kind) for kind in kinds])]
        return chosen

    @cached_property
    def _segments(self) -> "Found":
        events = self._of(*_SEGMENTS)
        return Found(events, events["cookie"])

    @cached_property
    def _strays(self) -> "Found":
        events = self._of(*_SEGMENTS)
        events = events[events["cookie"] == 0]
        headers = np.ascontiguousarray(events["header"]).view(np.uint8).reshape(-1, events["header"].itemsize)
        syns = headers[:, _FLAGS] & (SYN | ACK) == SYN
        seqs = np.ascontiguousarray(headers[syns, _SEQ]).view(">u4").reshape(-1)
        return Found(events[syns], seqs)

    @cached_property
    def _calls(self) -> "Found":
        events = self._of(*_CALLS)
        return Found(events, events["cookie"])

    @cached_property
    def _calls_of_threads(self) -> "Found":
        events = self._of(*_CALLS)
        return Found(events, events["tid"])

    @cached_property
    def _sockets(self) -> "Found":
        events = self._of(PathKind.SOCKET)
        return Found(events, events["tid"])

    @cached_property
    def _routes(self) -> "Found":
        events = self._of(PathKind.ROUTE)
        return Found(events, events["tid"])

    def segments(self, cookie: int | None) -> list[EventRow]:
        """SENT, RECEIVED and DROPPED events of a half, in order of time."""
        return self._segments.of(cookie) if cookie else []

    def strays(self, isn: int, start: int, end: int) -> list[EventRow]:
        """Sightings in this time of SYNs with this number that are of no half by their ports."""
        return self._strays.between(isn, start, end)

    def calls(self, cookie: int | None) -> list[EventRow]:
        """CALL, RETURN and ACCEPT events on a socket, of all threads, in order of time."""
        return self._calls.of(cookie) if cookie else []

    def routes(self, tid: int | None, start: int, end: int) -> list[EventRow]:
        """ROUTE events of a thread in this time: `code` is what fib_table_lookup() returned."""
        return self._routes.between(tid, start, end) if tid else []

    def created(self, tid: int, start: int, end: int) -> bool:
        """Whether the thread made a TCP socket in this time (inet_create reached its timers)."""
        return bool(self._sockets.between(tid, start, end))

    def all_calls(self) -> Iterator[EventRow]:
        """CALL, RETURN and ACCEPT events of all threads, a thread after the other."""
        return iter(event_rows(self._calls_of_threads.rows))

    def syscall(self, event: EventRow) -> str:
        """The name of an event's system call."""
        return self.header.syscalls.get(event.syscall, "")

    def reason(self, event: EventRow) -> tuple[str, str | None]:
        """Why and in which function a DROPPED event's segment was freed."""
        return (
            drop_reason(self.trace, event.code) or "NOT_SPECIFIED",
            location(self.trace, event.location),
        )

    def path(self, stack: int) -> tuple[str, ...]:
        """The functions of a stack, outermost first; empty without one."""
        found = self._stacks.path(stack)
        return found.frames if found else ()


class Found:
    """Events in the order of a key, then of time."""

    def __init__(self, events: Rows, key: Rows) -> None:
        self._timeline = Timeline(key, events["t"])
        self.rows = events[self._timeline.order]

    def of(self, key: int) -> list[EventRow]:
        """A key's events."""
        begin, end = self._timeline.span(key)
        return event_rows(self.rows[begin:end])

    def between(self, key: int, start: int, end: int) -> list[EventRow]:
        """A key's events with `start` ≤ t ≤ `end`."""
        first, beyond = self._timeline.between(key, start, end + 1)
        return event_rows(self.rows[first:beyond])
