"""The SYN-ACK was freed by the kernel on its way back.

What happened
    The server's TCP took the SYN and answered; the answer was freed on this host, by a rule or for
    another reason, before the client's TCP saw it. Both sides send again until they give up.

How synscope knows
    kfree_skb freed a SYN-ACK of this connection before the client was ESTABLISHED. The stack names the
    place: under __ip_local_out the server's own OUTPUT, under ip_local_deliver the client's INPUT.

What it would look like otherwise
    Freed on another host: the SYN-ACK left and never came (synack-lost). The SYN freed: no request was
    made (syn-dropped-*). A SYN-ACK that is freed after the client is ESTABLISHED is only a repetition.

What to do
    List the rules of the network namespace named. Rules that accept new connections one way often forget
    the answer: accept `ct state established,related`.

Related codes
    synack-lost, syn-dropped-input, reverse-path-filter
"""

from synscope.diagnosis.case import Case
from synscope.diagnosis.drops import Drop
from synscope.diagnosis.netfilter import engine, list_rules, named
from synscope.diagnosis.reasons import meaning
from synscope.diagnosis.verdict import Verdict
from synscope.diagnosis.words import dropped

CODE = "synack-dropped"
SEVERITY = "error"
ROLE = "cause"
CONN_STATE = "S0"
ERROR_TYPE = "timed_out"

# By another rule: the way back, and what the client's TCP itself refused (illegal-segment).
_OTHERS = ("IP_RPFILTER", "TCP_INVALID_ACK_SEQUENCE")
_DELIVERED = ("tcp_v4_do_rcv", "tcp_v6_do_rcv")  # where 6.1 frees what TCP refused, without a reason
_ENDS = {"OUTPUT": "the server's own host", "INPUT": "the client's host", "FORWARD": "a router between"}


def find(case: Case) -> Verdict | None:
    """A SYN-ACK freed while the client waited for it."""
    drops = [drop for drop in case.synack_drops if not _of_others(drop)]
    if not drops or (case.outcome == "refused" and case.answered_by_reset):
        return None
    first = drops[0]
    return Verdict(
        summary=f"The server's SYN-ACK was freed on its way back: {_by_whom(first)}.",
        evidence=(*dropped(case, drops, "SYN-ACK"), *named(case, first)),
        counter_evidence=("the SYN arrived: a request was made of it (sockops)",)
        if case.moment("request", "server") is not None
        else ("the SYN arrived: a SYN-ACK answered it",),
        doubts=("record detail keeps no stack: where it was freed is not known",) if not first.path else (),
        remedy=_remedy(case, first),
        severity="warning" if case.established else "error",
    )


def _of_others(drop: Drop) -> bool:
    return drop.reason in _OTHERS or (drop.reason == "NOT_SPECIFIED" and drop.function in _DELIVERED)


def _by_whom(drop: Drop) -> str:
    if not drop.by_netfilter:
        return meaning(drop).what
    if drop.hook is None:
        return f"a rule of {engine(drop)}"
    return f"a rule of {engine(drop)} in {drop.hook} of {_ENDS.get(drop.hook, 'the network namespace named')}"


def _remedy(case: Case, drop: Drop) -> str:
    if not drop.by_netfilter:
        return f"{meaning(drop).remedy}."
    half = case.client if drop.hook == "INPUT" else None
    pid = half.pid if half is not None else None
    accept = "accept answers (`ct state established,related`) before the drop"
    return f"{list_rules(drop, pid, drop.netns)}; {accept}."
