"""The final ACK did not reach the server: the client believes in a connection that the server does not have.

What happened
    The client got the SYN-ACK, is ESTABLISHED and sent its ACK; the ACK was lost or freed on the way. The
    server still has only a request and sends its SYN-ACK again. The first data of the client repairs it,
    if it gets through; a client that waits for the server to speak waits in vain until a repeated SYN-ACK
    is answered.

How synscope knows
    The client's transition to ESTABLISHED, and a server half that has sent its SYN-ACK (again) without an
    ACK. In path detail: the ACK left, and did not come, or kfree_skb freed it.

What it would look like otherwise
    The ACK came and the accept queue was full: accept-queue-overflow-ack. The listener closed:
    listener-closed.

What to do
    Where it was freed: list the rules of the network namespace named. Else capture on both ends:
    firewalls that track connections drop the ACK when they did not see the SYN-ACK (asymmetric routing).

Related codes
    accept-queue-overflow-ack, synack-lost, synack-dropped
"""

from synscope.diagnosis.case import Case
from synscope.diagnosis.drops import NO_SOCKET
from synscope.diagnosis.netfilter import list_rules
from synscope.diagnosis.queues import overflowed
from synscope.diagnosis.reasons import meaning
from synscope.diagnosis.verdict import Verdict
from synscope.diagnosis.words import dropped, times

CODE = "final-ack-lost"
SEVERITY = "warning"
ROLE = "cause"
CONN_STATE = "S1"
ERROR_TYPE = None

_SYNACK_TIMER_NS = 900_000_000  # TCP_TIMEOUT_INIT, include/net/tcp.h: 1 s; jiffies may make it a little less
_SLOWER_NS = 500_000_000


def find(case: Case) -> Verdict | None:
    """The client established, the server's request unfinished or finished late, and the first ACK missed."""
    if case.client is None or case.moment("established", "client") is None:
        return None
    drops = [drop for drop in case.ack_drops if drop.reason != NO_SOCKET and not overflowed(case, drop)]
    resent = case.server.retransmits if case.server else 0
    if not drops and (case.server is None or not resent or case.ack_drops or _came(case) or _in_time(case)):
        return None
    if drops and not resent and case.moment("established", "server") is not None:
        return None
    first = drops[0] if drops else None
    where = f": {'netfilter' if first.by_netfilter else meaning(first).what}" if first else ""
    return Verdict(
        summary=f"The client's final ACK did not reach the server of {case.destination}{where}.",
        evidence=(
            f"the client was ESTABLISHED {case.at(case.moment('established', 'client'))}",
            *(dropped(case, drops, "ACK") if drops else ()),
            *(
                (f"tcp_retransmit_synack: the SYN-ACK was sent again {times(resent, 'time')}",)
                if resent
                else ()
            ),
        ),
        counter_evidence=("it was not freed for a full accept queue",)
        if drops
        else ("no ACK came to the server's end",),
        doubts=() if drops or not case.record else ("record detail does not see whether the ACK came",),
        remedy=f"{list_rules(first, None, first.netns)}; accept the client's ACK."
        if first and first.by_netfilter
        else "Capture ACKs on both ends; look for a firewall that sees only one direction.",
    )


def _in_time(case: Case) -> bool:
    """Whether the first ACK explains when the server was established.

    The server sends its SYN-ACK again when its timer has run, or at once for a second SYN. The client
    answers a repeated SYN-ACK with another ACK. So an ACK that replaces a lost one comes after the timer.
    """
    request = case.moment("request", "server")
    connected, done = case.moment("established", "client"), case.moment("established", "server")
    if request is None or connected is None or done is None:
        return False
    if done - request < _SYNACK_TIMER_NS:
        return True
    return case.record and done - connected < _longest_way(case, request)


def _longest_way(case: Case, request: int) -> int:
    """Record detail does not see the ACK: it may have been as slow as the SYN, and half a second more.

    How slow a SYN was that was sent twice is not known; then it was the timer's time at least.
    """
    made = case.syn_out_ns
    if made is None or case.syn_retransmits:
        return _SYNACK_TIMER_NS
    return request - made + _SLOWER_NS


def _came(case: Case) -> bool:
    """Path detail: an ACK that arrived at the server's end before it was established."""
    done = case.moment("established", "server")
    acks = (
        one for one in case.captured(".", "client") if one.received_ns is not None and one.dropped is None
    )
    return any(done is None or (one.received_ns or 0) < done for one in acks) and not _late(case)


def _late(case: Case) -> bool:
    """Whether the first ACK was missed and a later one came.

    Without timestamps the two have the same bytes and count as one segment. Then one that came after the
    client had got a repeated SYN-ACK was the answer to that.
    """
    acks = case.captured(".", "client")
    if not acks or acks[0].received_ns is None or "timestamp" in (acks[0].options or {}):
        return bool(acks) and acks[0].received_ns is None
    came = [one.received_ns for one in case.captured("S.", "server") if one.retransmission]
    return any(t_ns is not None and t_ns < acks[0].received_ns for t_ns in came)
