"""The connection was set up, but only after a segment of its handshake had been sent again.

What happened
    A SYN or a SYN-ACK got no answer and was sent again after a second or more; that second is the whole
    delay. Or an old connection of the same addresses and ports took it, which the server still had: that
    is reset first, within milliseconds (RFC 9293 section 3.5.1).

How synscope knows
    tcp_retransmit_skb or tcp_retransmit_synack counted it on a half that was then established; in path
    detail each segment with its times. kfree_skb's reason TCP_INVALID_SYN: a connection took the SYN, not
    the listener.

What it would look like otherwise
    Without a retransmission the time is the network's, the neighbour's (slow-neighbour) or the program's
    (slow-accept).

What to do
    If another finding says what happened to the first segment, begin there. Else it was lost beyond this
    host: capture on both ends; bursts that overflow a queue, and a full accept queue of the server, are
    the usual causes.

Related codes
    syn-lost, accept-queue-overflow, slow-neighbour, final-ack-lost
"""

from synscope.diagnosis.case import Case
from synscope.diagnosis.verdict import Verdict
from synscope.diagnosis.words import dropped, times
from synscope.text import ASCII, duration

CODE = "slow-retransmission"
SEVERITY = "warning"
ROLE = "besides"
CONN_STATE = "S1"
ERROR_TYPE = None

_TO_A_CONNECTION = "TCP_INVALID_SYN"


def find(case: Case) -> Verdict | None:
    """Established after a retransmission."""
    if not case.established:
        return None
    syns, answers = case.syn_retransmits, case.server.retransmits if case.server else 0
    if not syns and not answers:
        return None
    start = case.moment("connect", "client") or case.moment("request", "server") or case.start_ns
    side = "client" if syns and case.client else "server"
    done = case.moment("established", "client" if side == "client" else "server")
    took = f"after {duration(done - start, ASCII)}" if done is not None else "only on one side"
    half_open = _half_open(case, took)
    if half_open is not None:
        return half_open
    what = [*([times(syns, "SYN")] if syns else []), *([times(answers, "SYN-ACK")] if answers else [])]
    again = " and ".join(what)
    return Verdict(
        summary=f"Established {took}: {again} had to be sent again.",
        evidence=tuple(
            f"{'SYN' if one.flags == 'S' else 'SYN-ACK'} sent again {case.at(one.sent_ns)}"
            for one in case.connection.segments
            if one.retransmission and "S" in one.flags and one.sent_ns is not None
        )
        or (f"retransmissions counted: {again}",),
        counter_evidence=("it was established in the end: what lost the first lets others through",),
        remedy="See the other findings for what lost the first; else capture on both ends.",
    )


def _half_open(case: Case, took: str) -> Verdict | None:
    """One of the same four numbers took the SYN (tcp_validate_incoming), and had to be reset first."""
    drops = [drop for drop in case.syn_drops if drop.reason == _TO_A_CONNECTION]
    if not drops:
        return None
    return Verdict(
        summary=f"Established {took}: the server still had an old connection from the same port, which had "
        "to be reset first.",
        evidence=dropped(case, drops, "SYN"),
        counter_evidence=("nothing was lost: the old connection answered the SYN, and the client reset it",),
        remedy="The client ended without telling the server (a crash, a lost RST or FIN) and took its port "
        "again: leave the port to the kernel, and let the server use keepalive.",
    )
