"""The server answered, and its SYN-ACK did not arrive.

What happened
    The server's TCP took the SYN and sent a SYN-ACK. The client never got it and keeps sending SYNs; the
    server sends its answer again (net.ipv4.tcp_synack_retries). Of a server half alone: nobody finished
    the handshake.

How synscope knows
    The server's request and its SYN-ACK are in the trace (sockops, net_dev_queue, tcp_retransmit_synack);
    the client's socket stayed in SYN_SENT, and nothing of this host freed the SYN-ACK.

What it would look like otherwise
    Freed on this host: synack-dropped. The SYN never came: syn-lost. The client's final ACK lost: the
    client is ESTABLISHED (final-ack-lost).

What to do
    Look at the way back: it may be another one than the way there. `ip route get CLIENT` on the server,
    firewalls that see only one direction, NAT that answers from another address. A server half alone with
    many of these is a SYN scan or flood: the sources never answer.

Related codes
    synack-dropped, syn-lost, final-ack-lost, reverse-path-filter
"""

from synscope.diagnosis.case import Case
from synscope.diagnosis.verdict import Verdict
from synscope.diagnosis.words import times

CODE = "synack-lost"
SEVERITY = "error"
ROLE = "otherwise"
CONN_STATE = "S0"
ERROR_TYPE = "timed_out"


def find(case: Case) -> Verdict | None:
    """A SYN-ACK was sent, sent again or asked for again, and the client never had it."""
    if (
        case.established
        or case.outcome in ("refused", "reset")
        or case.moment("synack_in", "client") is not None
    ):
        return None
    sent = case.moment("synack_out", "server") is not None or bool(case.captured("S.", "server"))
    resent = case.server.retransmits if case.server else 0
    if not sent or not (resent or case.syn_retransmits):
        return None
    return _both(case, resent) if case.client is not None else _server_alone(case, resent)


def _both(case: Case, resent: int) -> Verdict:
    return Verdict(
        summary=f"The server of {case.destination} answered, and its SYN-ACK did not reach the client.",
        evidence=(
            f"the SYN-ACK was sent {case.at(case.moment('synack_out', 'server'))}, and again "
            f"{times(resent, 'time')}",
            f"the client stayed in SYN_SENT and sent its SYN again {times(case.syn_retransmits, 'time')}",
        ),
        counter_evidence=(
            "the SYN arrived: a request was made of it",
            "no segment was freed by this host's kernel",
        ),
        remedy="Look at the way back: `ip route get` to the client's address on the server, and "
        "firewalls between that "
        "see only one direction.",
    )


def _server_alone(case: Case, resent: int) -> Verdict:
    return Verdict(
        summary=f"{times(resent + 1, 'SYN-ACK')} of {case.destination} had no answer: nobody finished "
        "the handshake.",
        evidence=(f"tcp_retransmit_synack: sent again {times(resent, 'time')}, no final ACK came",),
        counter_evidence=("no RST came: the client's host did not refuse the SYN-ACK",),
        doubts=(
            "the client is elsewhere: the SYN-ACK or its ACK got lost, or the client never meant to answer",
        ),
        remedy="Look at the way back to the client; many of these from many sources are a scan or a SYN "
        "flood.",
        severity="warning",
    )
