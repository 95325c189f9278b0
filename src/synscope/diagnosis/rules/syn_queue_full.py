"""The listener's SYN queue was full when the SYN came: the SYN was ignored.

What happened
    Many requests waited for their final ACK, as many as the listener keeps, and SYN cookies are off: new
    SYNs are ignored. Clients that never finish (a SYN flood, a broken way back) fill this queue.

How synscope knows
    The SYN reached the listener's namespace and no request was made of it; the accept queue had room; as
    many requests as the limit were without their ACK, counted from the listener's request records. The
    limits: the backlog, and three quarters of net.ipv4.tcp_max_syn_backlog for clients that the host does
    not know (tcp_conn_request).

What it would look like otherwise
    accept() too slow: accept-queue-overflow. With net.ipv4.tcp_syncookies=1 the SYN would have been
    answered with a cookie (syn-cookies).

What to do
    Find out who does not finish (`ss -n state syn-recv`), mend the way back to them, set
    net.ipv4.tcp_syncookies=1, or raise the backlog and net.ipv4.tcp_max_syn_backlog. `nstat -az
    TcpExtTCPReqQFullDrop` counts these.

Related codes
    syn-cookies, accept-queue-overflow, synack-lost
"""

from synscope.diagnosis.case import Case
from synscope.diagnosis.queues import Arrival, ignored_syns
from synscope.diagnosis.verdict import Verdict
from synscope.diagnosis.words import in_namespace, times
from synscope.text import endpoint

CODE = "syn-queue-full"
SEVERITY = "error"
ROLE = "cause"
CONN_STATE = "S0"
ERROR_TYPE = "timed_out"


def find(case: Case) -> Verdict | None:
    """A SYN that came while the SYN queue was at its limit and the accept queue was not."""
    full = [one for one in ignored_syns(case) if not one.accept_queue_is_full and _is_full(case, one)]
    if not full:
        return None
    first, listener = full[0], full[0].listener
    cookies = case.around.sysctl("net.ipv4.tcp_syncookies", listener.netns)
    prefix = in_namespace(listener.pid, listener.netns)
    return Verdict(
        summary=f"The SYN queue of {listener.owner} on {endpoint(listener.address, listener.port)} was full "
        f"({times(first.pending, 'request')}): the SYN was ignored.",
        evidence=(
            f"the SYN came {case.at(first.t_ns)}, and no request was made of it",
            f"{times(first.pending, 'request')} waited for the final ACK; the backlog is {listener.limit}",
            *((f"net.ipv4.tcp_syncookies={cookies}",) if cookies is not None else ()),
        ),
        counter_evidence=(
            f"the accept queue had room: {first.waiting} of {listener.limit}",
            "kfree_skb freed the SYN with no reason: no filter dropped it",
        ),
        doubts=("record detail does not see whether the SYN came",) if case.record else (),
        remedy=f"`{prefix}ss -n state syn-recv` shows who does not finish the handshake; set "
        f"net.ipv4.tcp_syncookies=1 (`{prefix}sysctl net.ipv4.tcp_syncookies`), or raise the limits.",
        severity="warning" if case.established or case.going_on else "error",
    )


def _is_full(case: Case, arrival: Arrival) -> bool:
    most = case.around.sysctl("net.ipv4.tcp_max_syn_backlog", arrival.listener.netns)
    reserved = most is not None and most.isdecimal() and arrival.pending > int(most) * 3 // 4
    return arrival.pending > 0 and (arrival.pending >= arrival.listener.limit or reserved)
