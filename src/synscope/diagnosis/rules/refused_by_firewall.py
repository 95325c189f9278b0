"""A firewall refused the connection, with an RST or an ICMP port-unreachable.

What happened
    A rule rejected the SYN: the firewall answered in the server's place, with an RST or with ICMP "port
    unreachable". connect() fails with ECONNREFUSED, as if nothing listened.

How synscope knows
    kfree_skb freed the SYN with the reason NETFILTER_DROP on this host and yet an answer came. Or the
    client's socket was closed by tcp_v4_err with ECONNREFUSED: that is ICMP port-unreachable, which TCP
    itself never sends; on a socket that is busy in connect() the first one is only noted (sk_err_soft),
    and the one that answers the next SYN decides, a second later.

What it would look like otherwise
    Nothing listens: the reason is NO_SOCKET (refused-no-listener). A rule that drops in silence: no
    answer, the attempt times out (syn-dropped-input, syn-dropped-output). An RST by a firewall of another
    host cannot be told from refused-no-listener.

What to do
    Find the rule (`nft list ruleset`, `iptables-save`: look for `reject`) in the network namespace named,
    and let the connection pass before it.

Related codes
    refused-no-listener, icmp-unreachable, syn-dropped-input, syn-dropped-output
"""

from synscope.diagnosis.case import Case
from synscope.diagnosis.netfilter import engine, list_rules
from synscope.diagnosis.verdict import Verdict
from synscope.diagnosis.words import dropped

CODE = "refused-by-firewall"
SEVERITY = "error"
ROLE = "cause"
CONN_STATE = "REJ"
ERROR_TYPE = "connection_refused"


def find(case: Case) -> Verdict | None:
    """Refused, and netfilter freed the SYN or the answer was ICMP."""
    drops = [drop for drop in case.syn_drops if drop.by_netfilter]
    read = case.ended_by == "owner" and case.icmp_noted == "ECONNREFUSED"
    icmp = read or case.ended_by == "icmp"
    if not (case.outcome == "refused" or read) or not (drops or icmp):
        return None
    answer = "ICMP port-unreachable" if icmp else "an RST"
    here = drops[0] if drops else None
    who = f"A rule of {engine(here)}" if here else "A firewall on the way"
    place = f" in {here.hook}" if here and here.hook else ""
    half = case.client
    return Verdict(
        summary=f"{who}{place} rejected the SYN to {case.destination} with {answer}.",
        evidence=(
            *(dropped(case, drops, "SYN") if drops else ()),
            *_answered(case, answer, read),
        ),
        counter_evidence=(
            "TCP answers with an RST where nothing listens, never with ICMP"
            if icmp
            else "the SYN was freed by netfilter, not for want of a listener (NO_SOCKET)",
        ),
        remedy=f"{list_rules(here, _pid(case, here.netns), here.netns)}; the rule has the word reject."
        if here
        else f"Look for a reject rule on the routers to {case.destination} and on that host.",
        doubts=("record detail keeps no stack: which hook it was is not known",)
        if half and case.record
        else (),
    )


def _answered(case: Case, answer: str, read: bool) -> tuple[str, ...]:
    if read:
        closed = f"its owner then closed the socket {case.at(case.end_ns)}"
        return (f"inet_sk_error_report: {answer} was noted; {closed}",)
    waited = case.icmp_noted is not None and len(case.syn_drops) > 1
    return (
        f"the client's socket was closed by {answer} {case.at(case.end_ns)}",
        *(("the first ICMP error was only noted: connect() had the socket",) if waited else ()),
    )


def _pid(case: Case, netns: int | None) -> int | None:
    return case.client.pid if case.client and netns in (None, case.client.netns) else None
