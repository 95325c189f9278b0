"""Nothing listens where the SYN went: its host answered with an RST.

What happened
    The SYN reached a host where no socket listens on that address and port. TCP there answers such a SYN
    with an RST (RFC 9293 section 3.5.2), and connect() fails with ECONNREFUSED.

How synscope knows
    On this host: kfree_skb freed the SYN with the reason NO_SOCKET, after the lookup of a listener had
    found none; then the client's socket took the RST (tcp_receive_reset). Of another host only the RST is
    seen.

What it would look like otherwise
    A firewall's RST: kfree_skb has the reason NETFILTER_DROP (refused-by-firewall). An ICMP message: the
    socket is closed by tcp_v4_err, without an RST. The RST lost on its way: the client waits as for any
    lost SYN, but its SYN has the reason NO_SOCKET. A full accept queue: no answer at all
    (accept-queue-overflow).

What to do
    Start the server, or correct the address or the port. `ss -ltn` in the server's network namespace
    lists what listens there.

Related codes
    refused-by-firewall, listener-elsewhere, listener-closed
"""

from synscope.diagnosis.case import Case
from synscope.diagnosis.drops import NO_SOCKET, Drop
from synscope.diagnosis.verdict import Verdict
from synscope.diagnosis.words import dropped, in_namespace

CODE = "refused-no-listener"
SEVERITY = "error"
ROLE = "cause"
CONN_STATE = "REJ"
ERROR_TYPE = "connection_refused"


def find(case: Case) -> Verdict | None:
    """Refused by an RST that no firewall of this host sent, or would have been, had the RST come."""
    if case.ended_by == "icmp" or any(d.by_netfilter for d in case.syn_drops):
        return None
    proven = [drop for drop in case.syn_drops if drop.reason == NO_SOCKET]
    if case.outcome != "refused":
        return _without_answer(case, proven) if proven and case.unanswered else None
    half = case.client
    pid = half.pid if half and proven and half.netns == (proven[0].netns or half.netns) else None
    netns = proven[0].netns if proven else None
    look = f"`{in_namespace(pid, netns)}ss -ltn`" if proven else "`ss -ltn` on that host"
    return Verdict(
        summary=f"Nothing listens on {case.destination}: the SYN was answered with an RST."
        if proven
        else f"The host of {case.destination} answered the SYN with an RST: most likely nothing listens "
        "there.",
        evidence=(
            *(dropped(case, proven, "SYN") if proven else ()),
            f"tcp_receive_reset: the client's socket took an RST {case.at(case.end_ns)}".rstrip(),
            *_closed_before(case),
        ),
        counter_evidence=("netfilter of this host freed none of its segments",),
        doubts=()
        if proven
        else ("the answer came from elsewhere: a firewall there could have sent the RST",),
        remedy=f"Start the server, or correct the address or port; {look} lists what listens.",
    )


def _without_answer(case: Case, proven: list[Drop]) -> Verdict:
    prefix = in_namespace(None, proven[0].netns)
    return Verdict(
        summary=f"Nothing listens on {case.destination}, and the RST that says so did not reach the client.",
        evidence=(*dropped(case, proven, "SYN"), *_closed_before(case)),
        counter_evidence=("a listener with a full queue frees the SYN without a reason",),
        doubts=("where the RST was lost is not seen",),
        remedy=f"Start the server, or correct the address or port; `{prefix}ss -ltn` lists what listens. "
        "Let RSTs pass (`nft list ruleset`): the client would know at once.",
    )


def _closed_before(case: Case) -> tuple[str, ...]:
    """Listeners of that port that had been closed by then."""
    when, port = case.syn_out_ns, case.client.peer_port if case.client else None
    return tuple(
        f"{one.owner} closed its listener on port {port} {case.at(one.until_ns)}"
        for one in case.around.listeners
        if when and one.port == port and one.until_ns and one.until_ns <= when
    )
