"""The SYN was not answered, and where it got lost is not seen.

What happened
    The SYN left this host (or its network namespace) and nothing came back: no SYN-ACK, no RST, no ICMP.
    TCP sent it again after 1 s (tcp_syn_linear_timeouts, then doubling) until net.ipv4.tcp_syn_retries or
    its owner's patience ended it.

How synscope knows
    tcp_retransmit_skb counted the SYNs; no SYN-ACK made a transition, no RST came, the socket noted no
    error. In path detail: the SYN went to a device (net_dev_queue) and nothing of this host freed it.
    Where the server's end is traced on this host, it did not arrive there.

What it would look like otherwise
    Freed on this host: a syn-dropped-* finding. Arrived and ignored: accept-queue-overflow, syn-ignored.
    Answered and the answer lost: synack-lost.

What to do
    Capture on both ends (`tcpdump 'tcp[tcpflags] & tcp-syn != 0'`): where the SYN is last seen, the next
    device lost it. Silent drops are most often firewalls and security groups; then routes back, then dead
    hosts.

Related codes
    syn-dropped-output, syn-dropped-input, synack-lost, syn-ignored, gave-up
"""

from synscope.diagnosis.case import Case
from synscope.diagnosis.verdict import Verdict
from synscope.diagnosis.words import times
from synscope.events.wire import PathKind

CODE = "syn-lost"
SEVERITY = "error"
ROLE = "otherwise"
CONN_STATE = "S0"
ERROR_TYPE = "timed_out"


def find(case: Case) -> Verdict | None:
    """No answer to a SYN that was sent again at least once, and no sign of its arrival."""
    resent = case.syn_retransmits
    waiting = case.outcome in ("timed_out", "aborted", "in_progress")
    if not (case.unanswered and waiting and resent) or case.arrived is not None or case.server is not None:
        return None
    copies = [drop for drop in case.syn_drops if drop.of_copy]
    if len(copies) < len(case.syn_drops) or (case.client is not None and case.client.sk_err_soft):
        return None
    sent = [event for event, _ in case.seen if event.kind == PathKind.SENT]
    known = bool(case.listeners) and not case.record
    far = " so far" if case.going_on else ""
    return Verdict(
        summary=f"No answer to {times(resent + 1, 'SYN')} to {case.destination}{far}: lost on the way, "
        "there or back.",
        evidence=(
            *_held(case),
            f"tcp_retransmit_skb: the SYN of {case.at(case.syn_out_ns)[3:]} was sent again "
            f"{times(resent, 'time')}",
            *(
                (
                    f"net_dev_queue: last given to device {sent[-1].ifindex} in network namespace "
                    f"{sent[-1].netns}",
                )
                if sent
                else ()
            ),
            *(
                (f"{case.listeners[0].owner} listens there, and its namespace never received the SYN",)
                if known
                else ()
            ),
            *(f"kfree_skb: a copy of it was freed, {one.where}: not for who had it" for one in copies[:1]),
        ),
        counter_evidence=(
            "no other copy of it was freed by this host's kernel"
            if copies
            else "no segment of it was freed by this host's kernel",
            "no RST, and no ICMP error noted in the socket",
        ),
        doubts=()
        if known
        else ("the other end is not seen: it may have ignored the SYN, or its answer got lost",),
        remedy="Capture SYNs on the other end: if they arrive there, look at its answer and its "
        "firewall; if not, at "
        "the firewalls and routes between."
        + (" Is the next hop's link address right? `ip neigh`." if copies else ""),
        severity="warning" if case.going_on else "error",
    )


def _held(case: Case) -> tuple[str, ...]:
    last = case.stopped
    if last is None:
        return ()
    where = f"device {last.ifindex} of network namespace {last.netns}"
    return (f"netif_receive_skb: last seen on {where}, a router's, which holds it",)
