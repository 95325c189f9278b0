"""The kernel freed the SYN for a reason of its own: a queue, a filter, a route, a wrong checksum.

What happened
    Somewhere on this host the SYN was freed instead of passed on, and not by netfilter. The reason is the
    kernel's (enum skb_drop_reason): a cgroup's BPF program, tc, XDP, a full queue, a missing route, a
    wrong checksum, an IPsec policy, TCP-MD5, …

How synscope knows
    kfree_skb on the SYN, with its reason, the function that freed it and, in path detail, its stack and
    network namespace. The attempt then went without an answer, or had to send the SYN again.

What it would look like otherwise
    Reasons with a code of their own: NETFILTER_DROP (syn-dropped-output and others), IP_RPFILTER
    (reverse-path-filter), NEIGH_FAILED (neighbour-unresolved), NO_SOCKET (refused-no-listener). A full
    accept queue frees the SYN without a reason (accept-queue-overflow).

What to do
    What the finding says of its reason: which tool lists the filter, queue or route that did it.

Related codes
    syn-dropped-netfilter, reverse-path-filter, neighbour-unresolved, syn-lost
"""

from synscope.diagnosis.case import Case
from synscope.diagnosis.reasons import meaning
from synscope.diagnosis.verdict import Verdict
from synscope.diagnosis.words import dropped, in_namespace

CODE = "syn-dropped"
SEVERITY = "error"
ROLE = "cause"
CONN_STATE = "S0"
ERROR_TYPE = "timed_out"

_OTHERS = ("NO_SOCKET", "IP_RPFILTER", "PROTO_MEM", "NOMEM")


def find(case: Case) -> Verdict | None:
    """A SYN freed for another reason than those with a code of their own, and missed."""
    if case.ended_by in ("reset", "icmp") or case.icmp_noted or case.arrived is not None:
        return None
    if not (case.unanswered or case.syn_retransmits):
        return None
    drops = [
        drop
        for drop in case.syn_drops
        if not (drop.by_netfilter or drop.of_copy or drop.reason in _OTHERS or drop in case.neighbour_drops)
    ]
    if not drops:
        return None
    first = drops[0]
    what, remedy = meaning(first)
    prefix = in_namespace(None, first.netns)
    return Verdict(
        summary=f"The SYN to {case.destination} was freed on this host: {what}.",
        evidence=dropped(case, drops, "SYN"),
        counter_evidence=("netfilter did not do it: its reason would be NETFILTER_DROP",),
        doubts=("record detail keeps no stack: where it was freed is not known",) if case.record else (),
        remedy=f"{remedy}." + (f" Prefix: `{prefix.strip()}`." if prefix else ""),
        severity="warning" if case.established else "error",
    )
