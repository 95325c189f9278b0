"""No neighbour answered for the next hop's address: the SYN never left.

What happened
    The next hop's link address could not be found: nobody answered ARP (IPv4) or neighbour solicitations
    (IPv6). After three tries, a second apart, the kernel frees the SYNs that waited and connect() fails
    with EHOSTUNREACH.

How synscope knows
    kfree_skb freed the SYN with a reason NEIGH_FAILED (or another NEIGH_), or in neigh_invalidate (IPv6
    gives no reason), in the client's own network namespace. Before that: the SYN was made
    (tcp_connect) and reached no device (net_dev_queue) although nothing freed it, so it is waiting.

What it would look like otherwise
    An ICMP host-unreachable from a router has the same errno and no such drop, or one in the router's
    network namespace (icmp-unreachable). A route
    of type unreachable fails before any SYN (unreachable-route).

What to do
    `ip neigh` shows the address as FAILED or INCOMPLETE. Check that the next hop exists, is up, and is in
    the same layer-2 network (VLAN, bridge, prefix length); `arping` it.

Related codes
    icmp-unreachable, unreachable-route, slow-neighbour
"""

from synscope.diagnosis.case import Case
from synscope.diagnosis.healthy import SLOW_SYN_NS
from synscope.diagnosis.verdict import Verdict
from synscope.diagnosis.words import dropped, in_namespace
from synscope.events.wire import PathKind
from synscope.tcp.header import ACK, SYN

CODE = "neighbour-unresolved"
SEVERITY = "error"
ROLE = "cause"
CONN_STATE = None
ERROR_TYPE = "host_unreachable"


def find(case: Case) -> Verdict | None:
    """A SYN freed for want of a neighbour, or held for a long time before any device."""
    drops = case.neighbour_drops
    held = not drops and _is_held(case)
    if case.established or not (drops or held):
        return None
    half = case.client
    prefix = in_namespace(half.pid, half.netns) if half else ""
    return Verdict(
        summary=f"No neighbour answered for the next hop to {case.destination}"
        + ("." if case.record else ": the SYN never left."),
        evidence=dropped(case, drops, "SYN")
        if drops
        else (
            f"the SYN was made {case.at(case.syn_out_ns)} and no device was given it (net_dev_queue)",
            f"it was sent again {case.syn_retransmits} times, all held",
        ),
        counter_evidence=("no RST came, and netfilter did not free it: its reason would be NETFILTER_DROP",)
        if case.record
        else ("no device was given the SYN: the network cannot have lost it",),
        doubts=_doubts(case, held),
        remedy=f"`{prefix}ip neigh` and `{prefix}ip route get {half.peer_address if half else '?'}`: the "
        "next hop must "
        "exist, be up and be in the same layer-2 network.",
    )


def _doubts(case: Case, held: bool) -> tuple[str, ...]:
    if held:
        return ("the neighbour's state was not seen: netfilter's queue could hold the SYN too",)
    return (
        ("record detail does not see whose next hop: a router's would look the same",) if case.record else ()
    )


def _is_held(case: Case) -> bool:
    """Path detail, nothing lost: the SYN is neither sent nor freed, for longer than any queue takes."""
    if case.record or case.around.lossy or not case.unanswered or case.outcome == "refused":
        return False
    gone = any(
        header.bits & (SYN | ACK) == SYN and event.kind in (PathKind.SENT, PathKind.DROPPED)
        for event, header in case.seen
    )
    return not gone and case.last_ns - (case.syn_out_ns or case.last_ns) > SLOW_SYN_NS
