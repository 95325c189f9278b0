"""The accept queue was full when the final ACK came: the server did not take the connection.

What happened
    The server answered the SYN, the client is ESTABLISHED; when its ACK came the accept queue was full,
    and the ACK was ignored. The server sends its SYN-ACK again, in the hope of room later; meanwhile the
    client believes in the connection and may already send. With net.ipv4.tcp_abort_on_overflow=1 the
    server answers with an RST instead.

How synscope knows
    kfree_skb freed the ACK with the reason TCP_LISTEN_OVERFLOW (tcp_v4_rcv, tcp_v6_rcv). On kernels
    without that reason: the ACK came, no child was made, and the queue was full then, counted from the
    listener's children.

What it would look like otherwise
    The ACK lost or filtered: another reason, or it did not come (final-ack-lost). Full at the SYN
    already: no request was made (accept-queue-overflow).

What to do
    Make the server call accept() sooner, or give listen() a longer backlog; net.core.somaxconn caps it.
    `nstat -az TcpExtListenOverflows` counts these.

Related codes
    accept-queue-overflow, final-ack-lost, slow-accept
"""

from synscope.diagnosis.case import Case
from synscope.diagnosis.listeners import Listening
from synscope.diagnosis.queues import LISTEN_OVERFLOW, backlog_remedy, overflowed
from synscope.diagnosis.verdict import Verdict
from synscope.diagnosis.words import dropped, times

CODE = "accept-queue-overflow-ack"
SEVERITY = "error"
ROLE = "cause"
CONN_STATE = "S1"
ERROR_TYPE = "timed_out"


def find(case: Case) -> Verdict | None:
    """The ACK freed for a full queue, or ignored while the queue was full."""
    drops = [drop for drop in case.ack_drops if overflowed(case, drop)]
    listener = case.listeners[0] if case.listeners else None
    ignored = None if drops else _ignored(case, listener)
    if not drops and ignored is None:
        return None
    recovered = case.moment("established", "server") is not None
    owner = listener.owner if listener else "the server"
    evidence = (
        dropped(case, drops, "ACK") if drops else (f"the ACK came {case.at(ignored)} and no child was made",)
    )
    waiting = _waiting(case, listener, drops[0].t_ns if drops else ignored)
    return Verdict(
        summary=f"The accept queue of {owner} was full when the final ACK came: the client believes in a "
        "connection "
        "that the server does not have.",
        evidence=(*evidence, *waiting, *_resent(case), *_reset(case)),
        counter_evidence=("the request had been made and answered: at the SYN the queue had room",),
        doubts=()
        if drops and drops[0].reason == LISTEN_OVERFLOW
        else ("this kernel gives no reason for the lost ACK: the queue's length tells",),
        remedy=backlog_remedy(case, listener)
        if listener
        else "The server must call accept() sooner, or listen() with a longer backlog "
        "(net.core.somaxconn caps it).",
        severity="warning" if recovered else "error",
    )


def _ignored(case: Case, listener: Listening | None) -> int | None:
    """When an ACK came, and was neither freed with a reason nor made a child of, and the queue was full."""
    if listener is None or case.server is None or case.ack_drops:
        return None
    if case.moment("established", "server") is not None or case.moment("queued", "server") is not None:
        return None
    queue = case.queue(listener)
    for ack in case.captured(".", "client"):
        if (
            ack.received_ns is not None
            and queue is not None
            and queue.waiting(ack.received_ns) > listener.limit
        ):
            return ack.received_ns
    return None


def _waiting(case: Case, listener: Listening | None, t_ns: int | None) -> tuple[str, ...]:
    queue = case.queue(listener) if listener is not None else None
    if listener is None or queue is None or t_ns is None:
        return ()
    count = queue.waiting(t_ns)
    return (f"{times(count, 'connection')} waited for accept() then; sk_max_ack_backlog is {listener.limit}",)


def _resent(case: Case) -> tuple[str, ...]:
    count = case.server.retransmits if case.server else 0
    return (f"tcp_retransmit_synack: the SYN-ACK was sent again {times(count, 'time')}",) if count else ()


def _reset(case: Case) -> tuple[str, ...]:
    resets = [one for one in case.connection.segments if one.source == "server" and "R" in one.flags]
    return (f"the server sent an RST {case.at(resets[0].sent_ns)}",) if resets else ()
