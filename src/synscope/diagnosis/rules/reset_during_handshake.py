"""An RST ended the handshake after the SYN had been answered.

What happened
    The server had a request, or a child that was not accepted yet, and an RST came from the client's
    side; or the client had sent its ACK and was reset. Port scanners do the first on purpose (SYN scan);
    a client that closed its socket meanwhile, a firewall, or two hosts with one address do it by
    accident.

How synscope knows
    tcp_receive_reset on the half, before it was established and accepted; in path detail the RST itself,
    with who sent it and its sequence number.

What it would look like otherwise
    An RST to the SYN: refused-no-listener. The listener closed: listener-closed. The client gave up
    first: gave-up.

What to do
    Find out who sends the RST (`tcpdump 'tcp[tcpflags] & tcp-rst != 0'` on both ends): if the client's
    host sends it, its kernel knows no such connection.

Related codes
    refused-no-listener, listener-closed, gave-up
"""

from synscope.diagnosis.case import Case
from synscope.diagnosis.verdict import Verdict
from synscope.events.wire import HalfFlag

CODE = "reset-during-handshake"
SEVERITY = "error"
ROLE = "cause"
CONN_STATE = "RSTOS0"
ERROR_TYPE = "connection_reset"


def find(case: Case) -> Verdict | None:
    """An RST before the handshake was over, whose sender did not simply refuse the SYN."""
    row = case.server_row
    if any(drop.by_netfilter for drop in (*case.synack_drops, *case.ack_drops)):
        return None  # a rule that rejects: the RST is its answer
    at_server = _ends_request(case) or (
        row is not None
        and bool(row.flags & HalfFlag.RESET_IN)
        and case.moment("established", "server") is None
        and not _gave_up(case)
    )
    if case.outcome != "reset" and not at_server:
        return None
    resets = [one for one in case.connection.segments if "R" in one.flags]
    who = resets[0].source if resets else ("client" if at_server else "server")
    return Verdict(
        summary=f"An RST from the {who}'s side ended the handshake after the SYN had been answered.",
        evidence=(
            "an RST came to the server's request, which tcp_check_req gives up for it"
            if _ends_request(case)
            else f"tcp_receive_reset: the {'server' if at_server else 'client'}'s half took an RST before it "
            "was established",
            *(
                (f"RST with seq {resets[0].seq} {case.at(resets[0].sent_ns or resets[0].received_ns)}",)
                if resets
                else ()
            ),
        ),
        counter_evidence=("the SYN had been answered with a SYN-ACK: the port is listened on",),
        doubts=() if resets else ("the RST itself was not captured",),
        remedy="Capture RSTs on both ends to see which host sends it, and why its kernel has no such "
        "connection.",
        severity="error" if case.client is not None else "warning",
    )


def _gave_up(case: Case) -> bool:
    return case.outcome == "aborted"


def _ends_request(case: Case) -> bool:
    """An RST with the number that the SYN-ACK acknowledged, while the client waited (tcp_check_req).

    No hook tells of it: tcp_receive_reset is for sockets, not for requests. The RST itself is seen (path).
    """
    if case.server is None or case.moment("established", "server") or case.moment("established", "client"):
        return False
    isn, request = case.isns[0], case.moment("request", "server")
    end = case.moment("closed", "client")
    if isn is None or request is None:
        return False
    came = (
        one.received_ns
        for one in case.connection.segments
        if one.source == "client" and "R" in one.flags and one.seq == (isn + 1) % 2**32
    )
    return any(t_ns is not None and t_ns > request and (end is None or t_ns < end) for t_ns in came)
