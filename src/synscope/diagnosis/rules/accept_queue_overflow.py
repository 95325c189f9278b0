"""The listener's accept queue was full when the SYN came: the SYN was ignored.

What happened
    Connections that were complete waited for accept(), more than the listener's backlog. tcp_conn_request
    then ignores new SYNs; the client sends again after a second, and after a few seconds most clients
    give up.

How synscope knows
    The SYN reached the listener's namespace (netif_receive_skb) and no request was made of it. At that
    moment more connections waited than the limit: counted from the listener's children, each from when it
    was queued until accept() took it (sk_ack_backlog > sk_max_ack_backlog). The kernel frees such a SYN
    without a reason.

What it would look like otherwise
    The SYN queue full instead: fewer connections waited for accept(), many requests for their ACK
    (syn-queue-full). A filter: kfree_skb has a reason. Full at the final ACK: a request was made
    (accept-queue-overflow-ack).

What to do
    Make the server call accept() sooner (it is blocked, too slow, or has too few workers), or give
    listen() a longer backlog; net.core.somaxconn caps it. `nstat -az TcpExtListenOverflows` counts these.

Related codes
    accept-queue-overflow-ack, syn-queue-full, syn-ignored, slow-accept
"""

from synscope.diagnosis.case import Case
from synscope.diagnosis.queues import backlog_remedy, ignored_syns
from synscope.diagnosis.verdict import Verdict
from synscope.diagnosis.words import times
from synscope.text import endpoint

CODE = "accept-queue-overflow"
SEVERITY = "error"
ROLE = "cause"
CONN_STATE = "S0"
ERROR_TYPE = "timed_out"


def find(case: Case) -> Verdict | None:
    """A SYN that came while more than the limit waited for accept(), and was not answered."""
    full = [one for one in ignored_syns(case) if one.accept_queue_is_full]
    if not full:
        return None
    first, listener = full[0], full[0].listener
    place = endpoint(listener.address, listener.port)
    came = "the SYN was made" if case.record else "netif_receive_skb: the SYN came"
    return Verdict(
        summary=f"The accept queue of {listener.owner} on {place} was full ({first.waiting}, limit "
        f"{listener.limit}): "
        f"the SYN was ignored.",
        evidence=(
            f"{came} {case.at(first.t_ns)}, and no request was made of it",
            f"{times(first.waiting, 'connection')} waited for accept() then; sk_max_ack_backlog is "
            f"{listener.limit}",
            *((f"the same at {len(full)} SYNs",) if len(full) > 1 else ()),
        ),
        counter_evidence=(
            "kfree_skb freed the SYN with no reason: no filter dropped it",
            f"the SYN queue held {times(first.pending, 'request')}",
        ),
        doubts=("record detail does not see whether the SYN came, nor accept() without an address",)
        if case.record
        else (),
        remedy=backlog_remedy(case, listener),
        severity="warning" if case.established or case.going_on else "error",
    )
