"""The reverse-path filter dropped a segment: its source would be routed elsewhere.

What happened
    A host freed the SYN, or the SYN-ACK, because the route back to its source does not leave by the
    interface that it came in by (rp_filter, RFC 3704). This is usual with asymmetric routing, several
    uplinks, or a wrong source address. Nobody is told.

How synscope knows
    kfree_skb with the reason IP_RPFILTER, in the network namespace named, after a device received the
    segment.

What it would look like otherwise
    A firewall's drop has the reason NETFILTER_DROP. On another host the drop is not seen (syn-lost,
    synack-lost).

What to do
    Give that host a route back to the source by that interface (`ip route get SOURCE`), or relax
    net.ipv4.conf.{all,IFACE}.rp_filter to 2 (any route) there. The greater of the two values holds.

Related codes
    syn-dropped, syn-lost, synack-lost
"""

from synscope.diagnosis.case import Case
from synscope.diagnosis.drops import Drop
from synscope.diagnosis.verdict import Verdict
from synscope.diagnosis.words import dropped, in_namespace

CODE = "reverse-path-filter"
SEVERITY = "error"
ROLE = "cause"
CONN_STATE = "S0"
ERROR_TYPE = "timed_out"


def find(case: Case) -> Verdict | None:
    """IP_RPFILTER on a SYN or SYN-ACK."""
    syns, answers = (_filtered(drops) for drops in (case.syn_drops, case.synack_drops))
    if not syns and not answers:
        return None
    what, drops = ("SYN", syns) if syns else ("SYN-ACK", answers)
    half = case.client or case.server
    source = (half.address if what == "SYN" else half.peer_address) if half else None
    prefix = in_namespace(None, drops[0].netns)
    return Verdict(
        summary=f"The reverse-path filter dropped the {what} from {source or '?'}: its route back is "
        "another one.",
        evidence=dropped(case, drops, what),
        counter_evidence=("netfilter did not do it: its reason would be NETFILTER_DROP",),
        remedy=f"`{prefix}ip route get {source}` must name the interface that the {what} came in by; "
        f"or set net.ipv4.conf.all.rp_filter and the interface's to 2 there.",
        severity="warning" if case.established else "error",
    )


def _filtered(drops: list[Drop]) -> list[Drop]:
    return [drop for drop in drops if drop.reason == "IP_RPFILTER"]
