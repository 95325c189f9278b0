"""ICMP errors were noted, and the attempt went on until its time was over.

What happened
    An ICMP error came while the socket was in use by its owner: TCP only notes it (sk_err_soft) and goes
    on sending SYNs. When it gives up, connect() fails with the noted error instead of ETIMEDOUT.

How synscope knows
    sk_err_soft at the close; the close itself was the retransmission timer's (tcp_write_timer in the
    stack), or the owner's.

What it would look like otherwise
    A hard error closes the socket at once, from tcp_v4_err (icmp-unreachable). Without any ICMP:
    syn-lost.

What to do
    As for icmp-unreachable: find who sends it (`tcpdump icmp or icmp6`). It came at least once, so
    something on the way knows that the destination cannot be reached.

Related codes
    icmp-unreachable, syn-lost, neighbour-unresolved
"""

from synscope.diagnosis.case import Case
from synscope.diagnosis.verdict import Verdict
from synscope.diagnosis.words import dropped, times

CODE = "icmp-soft-error"
SEVERITY = "error"
ROLE = "cause"
CONN_STATE = "S0"
ERROR_TYPE = "host_unreachable"

_ENDS = {"timer": "TCP gave up later", "owner": "its owner closed the socket later"}


def find(case: Case) -> Verdict | None:
    """A soft error noted, and an end that it did not bring about."""
    half = case.client
    if half is None or half.sk_err_soft is None or not case.unanswered or not case.syn_retransmits:
        return None
    if case.ended_by not in ("timer", "owner", None):
        return None
    ended = _ENDS.get(case.ended_by or "", "the attempt goes on")
    return Verdict(
        summary=f"ICMP said {half.sk_err_soft} of {case.destination}; it was only noted, and {ended}.",
        evidence=(
            f"inet_sk_error_report: an ICMP error, {half.sk_err_soft}, was noted (sk_err_soft)",
            f"the SYN was sent again {times(case.syn_retransmits, 'time')}",
            *(dropped(case, case.syn_drops, "SYN") if case.syn_drops else ()),
        ),
        counter_evidence=("the socket was not closed by tcp_v4_err: the error was soft",),
        remedy="`tcpdump -n 'icmp or icmp6'` on the client's host shows which router sends it, and its code.",
    )
