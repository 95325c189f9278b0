"""What a trace knows around a connection: found by socket, by thread, by port. Made once for all of them."""

from collections import defaultdict
from collections.abc import Iterator
from functools import cached_property

import numpy as np

from synscope.connections.half import drop_reason, location
from synscope.connections.rows import EventRow, HalfRow, event_rows, half_row
from synscope.connections.stacks import Stacks
from synscope.connections.timeline import Timeline
from synscope.diagnosis.failed_calls import FailedCall, failed_calls
from synscope.diagnosis.listeners import Listening, Queue, listening_of, queues_of
from synscope.events.decode import address_text, latest
from synscope.events.trace import Rows, Trace
from synscope.events.wire import MILESTONE, Known, PathKind, Side

_SEGMENTS = (PathKind.SENT, PathKind.RECEIVED, PathKind.DROPPED)
_ROUTE_HOOKS = frozenset({"tp_btf/fib_table_lookup", "tp_btf/fib6_table_lookup"})
_BOTH_ISNS = int(Known.ISN | Known.PEER_ISN)
_CALLS = (PathKind.CALL, PathKind.RETURN, PathKind.ACCEPT)


class Around:
    """A trace, indexed. Everything is computed when it is first asked for: a healthy trace needs little."""

    def __init__(self, trace: Trace) -> None:
        self.trace = trace
        self.header = trace.header
        self.footer = trace.footer
        self.halves: Rows = latest(trace.halves)
        self._stacks = Stacks(trace.footer.stacks)

    @property
    def record(self) -> bool:
        """Whether nothing but the halves' records was collected."""
        return self.header.detail == "record"

    @property
    def traces_routes(self) -> bool:
        """Whether route lookups of both families were traced."""
        attached = {hook.name for hook in self.header.hooks if hook.attached}
        return attached.issuperset(_ROUTE_HOOKS)

    @property
    def lossy(self) -> bool:
        """Whether the tracer lost anything, or the trace was cut off."""
        return bool(self.footer.lost) or not self.footer.complete

    def sysctl(self, name: str, netns: int | None) -> str | None:
        """A setting as the namespace has it: the header has those of the tracer's own namespace only."""
        if not netns or self.header.netns != netns:
            return None
        return self.header.sysctls.get(name)

    # Halves

    @cached_property
    def _by_cookie(self) -> dict[int, list[int]]:
        found: dict[int, list[int]] = defaultdict(list)
        for at, cookie in enumerate(self.halves["cookie"].tolist()):
            found[cookie].append(at)
        return found

    def row(self, cookie: int | None, connect_ns: int | None) -> HalfRow | None:
        """The half of that socket, of its attempts the one that began at `connect_ns`."""
        rows = self._by_cookie.get(cookie, []) if cookie else []
        if len(rows) > 1:
            wanted = connect_ns or 0
            rows = [at for at in rows if int(self.halves["t"][at, MILESTONE["connect"]]) == wanted] or rows
        return half_row(self.halves[rows[-1]]) if rows else None

    def path(self, stack: int) -> tuple[str, ...]:
        """The functions of a stack, outermost first; empty without one."""
        found = self._stacks.path(stack)
        return found.frames if found else ()

    @cached_property
    def _by_isns(self) -> dict[tuple[int, int, int], list[int]]:
        """Row numbers by (side, own ISN, peer's ISN), of the halves that know both."""
        found: dict[tuple[int, int, int], list[int]] = defaultdict(list)
        rows = np.flatnonzero(self.halves["known"] & _BOTH_ISNS == _BOTH_ISNS)
        keys = (self.halves[name][rows].tolist() for name in ("side", "isn", "peer_isn"))
        for at, key in zip(rows.tolist(), zip(*keys, strict=True), strict=True):
            found[key].append(at)
        return found

    def translated(self, row: HalfRow, *, to_server: bool) -> HalfRow | None:
        """The one half of the other side that has the row's two ISNs, mirrored."""
        side = int(Side.SERVER if to_server else Side.CLIENT)
        rows = self._by_isns.get((side, row.peer_isn, row.isn), [])
        return half_row(self.halves[rows[0]]) if len(rows) == 1 else None

    def ports_to(self, netns: int | None, address: str | None, port: int | None) -> int:
        """How many local ports of a namespace have a half to this end."""
        rows = self._to(netns, port)
        same = [row for row in rows if address_text(row.remote, row.family) == address]
        return len({row.lport for row in same if row.lport})

    def holders(
        self, netns: int | None, local: int | None, port: int | None, cookie: int | None
    ) -> list[str]:
        """The owners of other halves from this local port to that remote port, `name[pid]`."""
        rows = (row for row in self._to(netns, port) if row.lport == local and row.cookie != cookie)
        return [f"{self.comms.get(row.pid, '?')}[{row.pid or '?'}]" for row in rows]

    def _to(self, netns: int | None, port: int | None) -> list[HalfRow]:
        """Client halves of a namespace to a port, those that got as far as a SYN."""
        halves = self.halves
        wanted = (halves["side"] == Side.CLIENT) & (halves["rport"] == (port or 0))
        wanted &= halves["t"][:, MILESTONE["syn_out"]] != 0
        if netns is not None:
            wanted &= halves["netns"] == netns
        return [half_row(halves[at]) for at in np.flatnonzero(wanted)]

    @cached_property
    def comms(self) -> dict[int, str]:
        """Process id to name, of whoever owns a half."""
        rows = self.halves[["pid", "comm"]]
        return {
            int(pid): bytes(comm).split(b"\0", 1)[0].decode("utf-8", "replace")
            for pid, comm in zip(rows["pid"].tolist(), rows["comm"].tolist(), strict=True)
            if pid
        }

    # Listeners

    @cached_property
    def _served(self) -> dict[tuple[str | None, int], set[int]]:
        """The namespaces of the traced listeners' children, by their own address and port."""
        halves = self.halves
        found: dict[tuple[str | None, int], set[int]] = defaultdict(set)
        ours = np.isin(halves["listener"], halves["cookie"][halves["side"] == Side.LISTENER])
        for at in np.flatnonzero(ours & (halves["side"] == Side.SERVER) & (halves["netns"] != 0)):
            row = half_row(halves[at])
            found[address_text(row.local, row.family), row.lport].add(row.netns)
        return found

    def server_netns(self, address: str | None, port: int | None) -> int | None:
        """The namespace that connections to this end came to, if they all came to the same one."""
        found = self._served.get((address, port or 0), set())
        return next(iter(found)) if len(found) == 1 else None

    @cached_property
    def listeners(self) -> list[Listening]:
        """Every listening socket of the trace."""
        return listening_of(self.halves)

    @cached_property
    def queues(self) -> dict[int, Queue]:
        """Each listener's two queues, by its cookie."""
        return queues_of(self.halves)

    # Events

    @cached_property
    def _segments(self) -> tuple[Timeline, Rows]:
        return self._indexed(_SEGMENTS, "cookie")

    @cached_property
    def _calls(self) -> tuple[Timeline, Rows]:
        return self._indexed(_CALLS, "tid")

    @cached_property
    def _sockets(self) -> tuple[Timeline, Rows]:
        return self._indexed((PathKind.SOCKET,), "tid")

    @cached_property
    def _routes(self) -> tuple[Timeline, Rows]:
        return self._indexed((PathKind.ROUTE,), "tid")

    def _indexed(self, kinds: tuple[PathKind, ...], key: str) -> tuple[Timeline, Rows]:
        events = self.trace.events
        rows = np.flatnonzero(np.isin(events["kind"], [int(kind) for kind in kinds]))
        chosen = events[rows]
        timeline = Timeline(chosen[key], chosen["t"])
        return timeline, chosen[timeline.order]

    def segments(self, cookie: int | None) -> list[EventRow]:
        """SENT, RECEIVED and DROPPED events of a half, in order of time."""
        return _of_key(self._segments, cookie)

    def calls(self, tid: int | None) -> list[EventRow]:
        """CALL, RETURN and ACCEPT events of a thread, in order of time."""
        return _of_key(self._calls, tid)

    def routes(self, tid: int | None, start: int, end: int) -> list[EventRow]:
        """ROUTE events of a thread in this time: `code` is what fib_table_lookup() returned."""
        return [event for event in _of_key(self._routes, tid) if start <= event.t <= end]

    def all_calls(self) -> Iterator[EventRow]:
        """CALL, RETURN and ACCEPT events of all threads, a thread after the other."""
        return iter(event_rows(self._calls[1]))

    @cached_property
    def failed(self) -> list[FailedCall]:
        """Calls on sockets that failed, in order of time."""
        return failed_calls(self)

    def accept_errors(self, cookie: int | None, start: int, end: int) -> list[FailedCall]:
        """accept() calls on a listener that failed in this time."""
        calls = (call for call in self.failed if call.cookie == cookie and start <= call.end_ns <= end)
        return [call for call in calls if call.name.startswith("accept")]

    def created(self, tid: int, start: int, end: int) -> bool:
        """Whether the thread made a TCP socket in this time (inet_create reached its timers)."""
        return any(start <= event.t <= end for event in _of_key(self._sockets, tid))

    def connected(self, cookie: int, end: int) -> bool:
        """Whether a half of that socket had begun by then."""
        rows = self._by_cookie.get(cookie, [])
        begun = (int(self.halves["t"][at, MILESTONE["connect"]]) for at in rows)
        return any(0 < t <= end for t in begun)

    def syscall(self, event: EventRow) -> str:
        """The name of an event's system call."""
        return self.header.syscalls.get(event.syscall, "")

    def reason(self, event: EventRow) -> tuple[str, str | None]:
        """Why and in which function a DROPPED event's segment was freed."""
        return (
            drop_reason(self.trace, event.code) or "NOT_SPECIFIED",
            location(self.trace, event.location),
        )


def _of_key(index: tuple[Timeline, Rows], key: int | None) -> list[EventRow]:
    timeline, rows = index
    if not key or not len(timeline):
        return []
    begin, end = timeline.span(key)
    return event_rows(rows[begin:end])
