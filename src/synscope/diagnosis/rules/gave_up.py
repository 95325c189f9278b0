"""The application closed the socket before the handshake was over.

What happened
    The owner did not wait any longer: a non-blocking connect() with a timeout of its own (most clients
    with a connect timeout do this), a signal, a program that ended, or a happy-eyeballs race that another
    address won.

How synscope knows
    The socket went from SYN_SENT to CLOSE inside close() (tcp_close in the stack, or
    cgroup/sock_release), with no error on it and no answer to its SYN.

What it would look like otherwise
    The kernel's own end has an error: ETIMEDOUT from the timer (syn-lost, user-timeout), an RST, ICMP.

What to do
    If another finding says why nothing answered, begin there. Else compare how long it waited with the
    time that an answer takes: less than 1 s does not survive a lost SYN.

Related codes
    syn-lost, user-timeout, connect-interrupted
"""

from synscope.diagnosis.case import Case
from synscope.diagnosis.verdict import Verdict
from synscope.diagnosis.words import times
from synscope.text import ASCII, duration

CODE = "gave-up"
SEVERITY = "warning"
ROLE = "besides"
CONN_STATE = "S0"
ERROR_TYPE = "operation_aborted"


def find(case: Case) -> Verdict | None:
    """Closed by its owner in SYN_SENT."""
    made, end = case.syn_out_ns, case.end_ns
    if case.outcome != "aborted" or case.client is None or made is None or end is None:
        return None
    return Verdict(
        summary=f"The application closed the socket after {duration(end - made, ASCII)} without an answer.",
        evidence=(
            f"closed by its owner {case.at(end)}, in SYN_SENT, without an error",
            *(
                (f"the SYN had been sent again {times(case.syn_retransmits, 'time')}",)
                if case.syn_retransmits
                else ()
            ),
            *_too_late(case, end),
        ),
        counter_evidence=("TCP itself had not given up: that would have set ETIMEDOUT",),
        remedy="Find out first why nothing answered; a limit below 1 s does not survive a lost SYN (the "
        "first retry comes "
        "after 1 s).",
    )


def _too_late(case: Case, end: int) -> tuple[str, ...]:
    """A SYN-ACK that found the socket gone: tcp_v4_rcv looks sockets up, and answers with an RST."""
    late = (d.t_ns for d in case.drops if d.flags == "S." and d.source == "server" and d.t_ns is not None)
    first = next((t_ns for t_ns in late if t_ns > end), None)
    return (f"an answer came {case.at(first)}, when nobody waited for it any longer",) if first else ()
