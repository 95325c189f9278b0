"""The SYN waited for the next hop's link address before it could leave.

What happened
    The next hop was not in the neighbour table: the kernel asked (ARP, neighbour solicitation) and held
    the SYN until the answer came. Usually that takes less than a millisecond; here it took long: the
    question or the answer was lost, or the neighbour was slow.

How synscope knows
    The time from the SYN's making (tcp_connect, milestone syn_out) to its first device (net_dev_queue);
    where the stack of the sending shows arp_process, ndisc_rcv or neigh_update, the answer itself let it
    go.

What it would look like otherwise
    A lost SYN leaves at once and is sent again (slow-retransmission). No answer at all:
    neighbour-unresolved.

What to do
    `ip neigh` (how often is the entry STALE or FAILED?), `arping` the next hop. Proxy ARP, wireless, a
    switch that is learning and net.ipv4.neigh.IFACE.locktime are usual causes.

Related codes
    neighbour-unresolved, slow-retransmission
"""

from synscope.diagnosis.case import Case
from synscope.diagnosis.healthy import SLOW_SYN_NS
from synscope.diagnosis.verdict import Verdict
from synscope.events.wire import PathKind
from synscope.tcp.header import ACK, SYN
from synscope.text import ASCII, duration

CODE = "slow-neighbour"
SEVERITY = "warning"
ROLE = "besides"
CONN_STATE = "S1"
ERROR_TYPE = None

_ANSWERS = frozenset(
    {"arp_process", "arp_rcv", "ndisc_rcv", "neigh_update", "__neigh_update", "ndisc_recv_na"}
)


def find(case: Case) -> Verdict | None:
    """A long time between making the SYN and giving it to its first device."""
    made = case.syn_out_ns
    sent = next(
        (
            e
            for e, h in case.seen
            if e.kind == PathKind.SENT and h.bits & (SYN | ACK) == SYN and case.sender(h) == "client"
        ),
        None,
    )
    if made is None or sent is None or sent.t - made < SLOW_SYN_NS:
        return None
    if any((drop.t_ns or 0) < sent.t for drop in case.syn_drops):  # it was another SYN that left
        return None
    path = case.around.path(sent.stack)
    released = next((name for name in path if name in _ANSWERS), None)
    if released is None:
        return None
    return Verdict(
        summary=f"The SYN waited {duration(sent.t - made, ASCII)} for the next hop's link address.",
        evidence=(
            f"the SYN was made {case.at(made)} and given to device {sent.ifindex} {case.at(sent.t)}",
            f"what sent it was {released}: the neighbour's answer",
        ),
        counter_evidence=("the SYN had not left before: the network did not lose it",),
        remedy="`ip neigh` and `arping` show how fast the next hop answers.",
    )
