"""Where the time of each half went: named phases without gap or overlap that sum to its total.

The client's total begins with connect() and ends when its socket is ESTABLISHED, or CLOSE, or when
connect() failed. The server's begins with the SYN's arrival (record detail: with the request; of a SYN
cookie, with the ACK) and ends when accept() has it, or with CLOSE; where accept() may have gone unseen, when
the connection was queued. What is not over lasts until the trace's end.

A moment that was not seen, or that contradicts the others, splits nothing: the wider phase keeps the time.
"""

from collections.abc import Iterable, Iterator, Sequence

from synscope.connections.half import moment
from synscope.connections.model import Phase, SideName
from synscope.connections.rows import HalfRow
from synscope.connections.segments import Captured
from synscope.connections.spans import Outlook, Seen, Span, client_span, server_span
from synscope.connections.stacks import Stacks
from synscope.connections.syscalls import SystemCalls
from synscope.events.trace import Trace

PHASES: dict[str, str] = {
    "route": "connect() to SYN_SENT: checks, and the route to the destination",
    "port": "SYN_SENT to the SYN being made: a local port, and the route once more with it",
    "route_and_port": "both, where SYN_SENT was not seen by itself (record detail)",
    "ip_output": "the SYN made, until a device has it: netfilter, queueing (path detail)",
    "neighbour": "the same, where the SYN waited for its neighbour's link-layer address (path detail)",
    "syn_retransmit": "the first SYN to the one that was answered: waiting for the retransmission timer"
    " (path detail); of a server: the SYN's first arrival to the one that it took",
    "request": "the SYN's arrival to the SYN-ACK being sent; record detail: from the request on",
    "syn_wait": "the SYN to its answer: network and peer, where they cannot be told apart",
    "synack_wait": "the SYN-ACK to its answer: network and peer, where they cannot be told apart",
    "network_out": "what was sent, until it reached the other end (record detail: its socket)",
    "peer": "its arrival at the other end, until that has sent its answer",
    "synack_retransmit": "the first SYN-ACK to the one that was answered, or that came (path detail)",
    "network_back": "the answer sent, until it came (record detail: until its socket had it)",
    "local_delivery": "the answer, from the device until the socket has changed its state (path detail)",
    "syn_timeout": "the last SYN whose time is known, until the kernel gave up (ETIMEDOUT)",
    "accept_queue": "in the accept queue until accept() had it",
    "accept_wake": "the same, where a thread waited in accept() already: waking it up (path detail)",
}
"""What each phase is: from when to when, and in which detail, where that is not both."""

_RESOLVED = frozenset({"neigh_update", "__neigh_update"})


class Phases:
    """The phases of a trace's connections, each found when it is asked for."""

    def __init__(self, trace: Trace, stacks: Stacks) -> None:
        self._stacks = stacks
        self._system_calls = SystemCalls(trace)
        lossless = trace.footer.complete and not trace.footer.lost
        self._outlook = Outlook(trace.footer.ended_mono_ns, lossless and trace.header.detail != "record")

    def of(
        self, client: HalfRow | None, server: HalfRow | None, captured: Sequence[Captured]
    ) -> tuple[Phase, ...]:
        """Those of the connection with these halves and segments."""
        seen = Seen(
            segments=[one.segment for one in captured],
            resolved=_resolved(captured, self._stacks),
            accepting_ns=None if server is None else self._accepting(server),
        )
        return phases(client, server, seen, self._outlook)

    def _accepting(self, row: HalfRow) -> int | None:
        """When the accept() was called that took the row's socket."""
        accepted = moment(row, "accepted")
        if accepted is None or not row.tid:
            return None
        call = self._system_calls.find(row.tid, "accepted", accepted, "server")
        return None if call is None else call.enter_ns


def phases(client: HalfRow | None, server: HalfRow | None, seen: Seen, outlook: Outlook) -> tuple[Phase, ...]:
    """The phases of both halves (None for one that was not seen): the client's, then the server's."""
    found: list[Phase] = []
    if client is not None:
        found += _cut("client", client_span(client, server, seen, outlook))
    if server is not None:
        found += _cut("server", server_span(server, seen, outlook))
    return tuple(found)


def total_ns(of: Iterable[Phase], side: SideName) -> int | None:
    """The sum of a side's phases; None where it has none."""
    durations = [phase.duration_ns for phase in of if phase.side == side]
    return sum(durations) if durations else None


def _resolved(captured: Sequence[Captured], stacks: Stacks) -> bool:
    """Whether the first SYN left when the answer to its neighbour's request came (neigh_update)."""
    for segment, sent, _, _ in captured:
        if segment.flags == "S" and segment.source == "client":
            path = None if sent is None else stacks.path(sent.stack)
            return path is not None and not _RESOLVED.isdisjoint(path.frames)
    return False


def _cut(side: SideName, span: Span) -> Iterator[Phase]:
    """The span's phases: each cut that lies between the one before it and the end."""
    start, end, cuts, rest = span
    end = end or max((t for _, t in cuts), default=0)
    if not 0 < start < end:
        return
    for name, t in cuts:
        if start < t <= end:
            yield Phase(name, side, start, t - start)
            start = t
    if start < end:
        yield Phase(rest, side, start, end - start)
