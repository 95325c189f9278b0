"""The SYN reached the server's TCP, which neither answered nor refused it.

What happened
    The SYN arrived in the network namespace that it was for, no filter freed it, and TCP there took it in
    and said nothing. Linux does that when the listener's accept queue or its SYN queue is full, and when
    it has no route back to the client. Which of them it was is not seen where the listener is not traced,
    or its queues were filled before the trace began; where they are known to have had room, it is the
    route.

How synscope knows
    netif_receive_skb saw the SYN at its last device, it was sent on to no other, kfree_skb did not free
    it with a reason, and no request was made of it (sockops). tcp_conn_request drops a SYN that it has no
    room for, or no route back for (route_req), like this. How full the queues were is counted from the
    listener's children, where it began to listen within the trace.

What it would look like otherwise
    With the queue's length known: accept-queue-overflow or syn-queue-full. No listener: an RST
    (refused-no-listener). Filtered: a drop with a reason (syn-dropped-input).

What to do
    `ss -ltn` there shows Recv-Q (waiting) against Send-Q (limit) of the listener; `nstat -az
    TcpExtListenOverflows TcpExtListenDrops TcpExtTCPReqQFullDrop` count which queue it was. Trace the
    server too. `ip route get CLIENT` there shows the way back.

Related codes
    accept-queue-overflow, syn-queue-full, syn-lost
"""

import msgspec

from synscope.connections.rows import EventRow
from synscope.diagnosis.case import Case
from synscope.diagnosis.queues import Arrival, ignored_syns
from synscope.diagnosis.verdict import Verdict
from synscope.diagnosis.words import in_namespace, owner, times

CODE = "syn-ignored"
SEVERITY = "error"
ROLE = "otherwise"
CONN_STATE = "S0"
ERROR_TYPE = "timed_out"

_LONG_NS = 200_000_000


def find(case: Case) -> Verdict | None:
    """The SYN arrived, was not freed, and no request came of it for a while."""
    arrived = case.arrived
    if arrived is None or case.server is not None or not case.unanswered or case.outcome == "refused":
        return None
    if case.captured("S.", "server"):
        return None
    if case.last_ns - arrived.t < _LONG_NS and not case.syn_retransmits:
        return None
    if not case.listeners and case.end_netns is None:
        return _somewhere(case, arrived)
    last = next((one for one in reversed(ignored_syns(case)) if _has_room(one)), None)
    told = _queue_full(case) if last is None or case.around.lossy else _no_way_back(case, last)
    return msgspec.structs.replace(
        told,
        evidence=(
            *_came(case, arrived),
            *told.evidence,
        ),
        counter_evidence=(
            "kfree_skb freed it with no reason: no filter, and a listener exists (else an RST)",
        ),
        severity="warning" if case.going_on else "error",
    )


def _somewhere(case: Case, arrived: EventRow) -> Verdict:
    """No listener is known there: a router that holds the SYN would look the same."""
    return Verdict(
        summary=f"The SYN to {case.destination} came to network namespace {arrived.netns} and was not "
        "answered: its TCP ignored it, or it is held there on its way.",
        evidence=_came(case, arrived),
        counter_evidence=("kfree_skb freed it with no reason: no filter, and nobody refused it",),
        doubts=(
            "no listener is known there: a router that waits for its next hop's address would look the same",
            "how full a listener's queues were is not known",
        ),
        remedy=f"Trace the server too; `{in_namespace(None, arrived.netns)}ss -ltn` shows its accept queue "
        "(Recv-Q) against its limit (Send-Q), `ip neigh` next hops that do not answer.",
        severity="warning" if case.going_on else "error",
    )


def _came(case: Case, arrived: EventRow) -> tuple[str, ...]:
    return (
        f"netif_receive_skb: the SYN came to device {arrived.ifindex} in network namespace "
        f"{arrived.netns} {case.at(arrived.t)}",
        "no request was made of it, and it was sent on to no other device",
    )


def _has_room(came: Arrival) -> bool:
    """Whether all of the listener's children are in the trace, and far too few of them for its limits."""
    listener = came.listener
    return bool(listener.since_ns) and max(came.waiting, came.pending) < listener.limit


def _queue_full(case: Case) -> Verdict:
    """The likeliest, where nothing is known of the queues."""
    prefix = in_namespace(case.listeners[0].pid if case.listeners else None, case.peer_netns)
    return Verdict(
        summary=f"The SYN reached the host of {case.destination}, whose TCP did not answer: a queue of "
        "the listener is full.",
        evidence=(f"{owner(case.listeners)} listens there",) if case.listeners else (),
        doubts=("how full the listener's queues were is not known",),
        remedy=f"`{prefix}ss -ltn` shows the listener's accept queue (Recv-Q) against its limit (Send-Q); "
        f"`{prefix}nstat -az | grep -E 'Listen|ReqQ'` which queue overflowed.",
    )


def _no_way_back(case: Case, came: Arrival) -> Verdict:
    """The likeliest, where the queues had room."""
    listener = came.listener
    prefix = in_namespace(listener.pid, listener.netns)
    source = case.client.address if case.client else None
    return Verdict(
        summary=f"The SYN reached {listener.owner} on {case.destination}, whose queues had room, and TCP "
        f"there did not answer: it has no route back to {source or 'the client'}.",
        evidence=(
            f"{times(came.waiting, 'connection')} waited for accept() then, and "
            f"{times(came.pending, 'request')} for their ACK; sk_max_ack_backlog is {listener.limit}",
        ),
        doubts=("by elimination: a security module, or want of memory, would look the same",),
        remedy=f"`{prefix}ip route get {source or 'CLIENT'}` must name a route; "
        f"`{prefix}nstat -az IpOutNoRoutes` counts answers that had none.",
    )
