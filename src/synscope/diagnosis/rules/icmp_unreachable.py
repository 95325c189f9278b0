"""An ICMP error ended the attempt: a router, a firewall or the host says unreachable.

What happened
    Someone on the way answered the SYN with ICMP "destination unreachable": no route, host down,
    administratively prohibited. For a socket in SYN_SENT such an error is hard: connect() fails at once
    with its errno. Only while the socket is in use (connect() is sending) it is noted as soft, and the
    next one decides.

How synscope knows
    The transition SYN_SENT to CLOSE has tcp_v4_err (or tcp_v6_err) in its stack, with sk_err
    EHOSTUNREACH, ENETUNREACH, EACCES or another of icmp_err_convert. In record detail: that sk_err, and
    no RST. Where the SYN was freed on this host the drop's reason is given too.

What it would look like otherwise
    The kernel's own failure to find the next hop: a drop NEIGH_FAILED (neighbour-unresolved). A route
    that fails before any SYN: no-route, unreachable-route. Port-unreachable: refused-by-firewall. Noted
    only: icmp-soft-error.

What to do
    `tcpdump icmp or icmp6` shows who sends it and its code: 0 net, 1 host (routing), 9, 10, 13 prohibited
    (a firewall). Look at that router.

Related codes
    icmp-soft-error, refused-by-firewall, neighbour-unresolved, no-route
"""

from synscope.diagnosis.case import Case
from synscope.diagnosis.drops import Drop
from synscope.diagnosis.netfilter import engine, list_rules
from synscope.diagnosis.reasons import meaning
from synscope.diagnosis.verdict import Verdict
from synscope.diagnosis.words import dropped

CODE = "icmp-unreachable"
SEVERITY = "error"
ROLE = "cause"
CONN_STATE = "S0"
ERROR_TYPE = "host_unreachable"


def find(case: Case) -> Verdict | None:
    """Closed by an ICMP error that is neither port-unreachable nor this host's own neighbour failure."""
    if case.syn_out_ns is None or case.client is None or not case.unanswered:
        return None
    read = case.ended_by == "owner" and case.icmp_noted is not None and not case.syn_retransmits
    error = case.client.sk_err if case.ended_by == "icmp" else case.icmp_noted if read else None
    if error in (None, "ECONNREFUSED"):
        return None
    if case.neighbour_drops:
        return None
    here = case.syn_drops[0] if case.syn_drops else None
    return Verdict(
        summary=f"ICMP answered the SYN to {case.destination}: {error}{_by(here)}.",
        evidence=(*_evidence(case, read), *(dropped(case, case.syn_drops, "SYN") if here else ())),
        counter_evidence=(
            "the SYN was made: there was a route for it",
            "no neighbour of its own host failed (NEIGH_FAILED)",
        ),
        remedy=_remedy(case, here),
    )


def _evidence(case: Case, read: bool) -> tuple[str, ...]:
    assert case.client is not None
    if read:
        return (
            f"inet_sk_error_report: an ICMP error, {case.icmp_noted}, was noted while the socket was in use",
            f"its owner closed the socket {case.at(case.end_ns)}, most likely after it had read the error",
        )
    by = "no RST came" if case.record else "tcp_v4_err or tcp_v6_err closed the socket"
    soft = len(case.syn_drops) > 1 and case.icmp_noted
    return (
        f"sk_err {case.client.sk_err} {case.at(case.end_ns)}: {by}",
        *(("soft at first (sk_err_soft): connect() had the socket; a later one was hard",) if soft else ()),
    )


def _by(drop: Drop | None) -> str:
    if drop is None:
        return ""
    if drop.by_netfilter:
        return f", by a reject rule of {engine(drop)}{f' in {drop.hook}' if drop.hook else ''} on this host"
    return f"; on this host {meaning(drop).what}"


def _remedy(case: Case, drop: Drop | None) -> str:
    if drop is not None and drop.by_netfilter:
        half = case.client
        pid = half.pid if half and drop.netns in (None, half.netns) else None
        return f"{list_rules(drop, pid, drop.netns)}; the rule has the word reject."
    if drop is not None:
        return f"{meaning(drop).remedy}."
    return "`tcpdump -n 'icmp or icmp6'` on the client's host shows which router sends it, and its code."
