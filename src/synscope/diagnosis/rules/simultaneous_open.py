"""Both ends called connect(): a simultaneous open.

What happened
    Two sockets sent each other a SYN at the same time, from and to the ports that the other used; neither
    listened. TCP allows it (RFC 9293 section 3.5): both go through SYN_SENT and SYN_RECV to ESTABLISHED.
    NAT hole punching does it on purpose.

How synscope knows
    The client half went from SYN_SENT to SYN_RECV, and the other half is a client too.

What it would look like otherwise
    One socket with itself: self-connect. A listener: its child goes from LISTEN to SYN_RECV.

What to do
    Nothing, if it is meant. Else one of the two programs uses a fixed local port that the other takes for
    a server's.

Related codes
    self-connect
"""

from synscope.diagnosis.case import Case
from synscope.diagnosis.verdict import Verdict

CODE = "simultaneous-open"
SEVERITY = "info"
ROLE = "cause"
CONN_STATE = "S1"
ERROR_TYPE = None


def find(case: Case) -> Verdict | None:
    """SYN_SENT to SYN_RECV, with another socket."""
    half = case.client
    if half is None or "SYN_RECV" not in case.reached:
        return None
    if (half.address, half.port) == (half.peer_address, half.peer_port):
        return None
    both = case.moment("connect", "server") is not None
    return Verdict(
        summary=f"Both ends called connect(): a simultaneous open with {case.destination}.",
        evidence=(
            "states of the client: " + " > ".join(case.reached[:3]),
            *(
                (f"the other end called connect() {case.at(case.moment('connect', 'server'))}",)
                if both
                else ()
            ),
        ),
        counter_evidence=("the two ends are two sockets",),
        remedy="Nothing, if it is meant; else look for a fixed local port that another program connects to.",
    )
