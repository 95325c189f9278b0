"""Was a queue of the listener full when the SYN came? Counted from its children's records."""

from collections.abc import Iterator
from itertools import zip_longest
from typing import NamedTuple

from synscope.connections.rows import EventRow
from synscope.diagnosis.case import Case
from synscope.diagnosis.drops import Drop
from synscope.diagnosis.listeners import Listening, Queue
from synscope.diagnosis.words import in_namespace
from synscope.events.wire import PathKind
from synscope.tcp.header import ACK, RST, SYN, TcpHeader

_SYN_TIMER_NS = 900_000_000  # TCP_TIMEOUT_INIT, include/net/tcp.h: 1 s; jiffies may make it a little less


LISTEN_OVERFLOW = "TCP_LISTEN_OVERFLOW"


class Arrival(NamedTuple):
    """A SYN that came to a listener and was not answered, and what waited in its queues then."""

    t_ns: int
    listener: Listening
    waiting: int
    pending: int

    @property
    def accept_queue_is_full(self) -> bool:
        """sk_acceptq_is_full(), include/net/sock.h: more than the limit."""
        return self.waiting > self.listener.limit


def ignored_syns(case: Case) -> list[Arrival]:
    """The SYNs that came to a known listener and had no request made of them."""
    if case.client is None or not case.listeners or not (case.unanswered or case.syn_retransmits):
        return []
    if (case.record and case.syn_drops) or case.outcome == "refused":
        return []
    answered = case.moment("request", "server") or case.moment("synack_in", "client")
    came = sorted(_moments(case))
    if answered is not None and case.record:  # the first was not answered if its answer came after the timer
        came = [t_ns for t_ns in came if answered - t_ns > _SYN_TIMER_NS]
    elif answered is not None:  # the last one before was the one that was answered
        came = [t_ns for t_ns in came if t_ns <= answered][:-1]
    found = [_arrival(case, t_ns) for t_ns in came]
    return [one for one in found if one is not None]


def _moments(case: Case) -> Iterator[int]:
    """When SYNs came: at their last device; in record detail, when the first was made (others after it)."""
    if case.record:
        if case.syn_out_ns is not None:
            yield case.syn_out_ns
        return
    syns = [(event, header) for event, header in case.seen if header.bits & (SYN | ACK | RST) == SYN]
    for (event, _), after in zip_longest(syns, syns[1:]):
        if event.kind == PathKind.RECEIVED and not (after and _is_end(case, event, *after)):
            yield event.t


def _is_end(case: Case, event: EventRow, after: EventRow, header: TcpHeader) -> bool:
    """Whether the SYN that a device had received was then freed, or sent on by its host."""
    if after.kind == PathKind.DROPPED:
        return not case.drop_of(after, header).of_request
    own = case.client.netns if case.client else None
    return after.kind == PathKind.SENT and after.netns == event.netns != own


def _arrival(case: Case, t_ns: int) -> Arrival | None:
    """At the fullest of the listeners that the SYN may have been given to (SO_REUSEPORT)."""
    states = [_state(one, case.queue(one), t_ns) for one in case.listeners if one.open_at(t_ns)]
    return max(states, key=lambda state: state.waiting - state.listener.limit, default=None)


def overflowed(case: Case, drop: Drop) -> bool:
    """Whether a final ACK was freed for a full accept queue: tcp_v4_rcv says so, or gives no reason."""
    if drop.reason == LISTEN_OVERFLOW:
        return True
    state = _arrival(case, drop.t_ns) if drop.t_ns is not None and drop.of_request else None
    return state is not None and state.accept_queue_is_full


def _state(listener: Listening, queue: Queue | None, t_ns: int) -> Arrival:
    waiting, pending = (queue.waiting(t_ns), queue.pending(t_ns)) if queue else (0, 0)
    return Arrival(t_ns, listener, waiting, pending)


def backlog_remedy(case: Case, listener: Listening) -> str:
    """Which of the two limits to raise: listen()'s argument, or somaxconn, which caps it."""
    prefix = in_namespace(listener.pid, listener.netns)
    most = case.around.sysctl("net.core.somaxconn", listener.netns)
    if most is not None and most.isdecimal() and listener.limit < int(most):
        limit = f"its backlog is {listener.limit}: give listen() more (net.core.somaxconn allows {most})"
    elif most is not None:
        limit = f"its backlog is {listener.limit}, capped by net.core.somaxconn={most}: raise both"
    else:
        limit = f"its backlog is {listener.limit}: give listen() more, up to net.core.somaxconn"
    watch = f"`{prefix}ss -ltn` (Recv-Q against Send-Q)"
    return f"{listener.owner} must call accept() sooner; {limit}. Watch {watch}."
