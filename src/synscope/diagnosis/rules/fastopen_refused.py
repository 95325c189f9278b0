"""TCP Fast Open: the server did not take the data of the SYN.

What happened
    The client sent a Fast Open cookie and data in its SYN; the server acknowledged only the SYN. The data
    is sent again after the handshake: nothing is lost but the round trip that Fast Open should have
    saved. Reasons: the cookie is no longer valid (the server's key changed, the client's address did),
    the server has Fast Open off, or its queue of pending ones is full.

How synscope knows
    The SYN had the option with a cookie and payload, and the SYN-ACK acknowledges the ISN + 1. A new
    cookie in the SYN-ACK says that the old one was not valid.

What it would look like otherwise
    A SYN that only asks for a cookie (empty option) carries no data. Data taken: the SYN-ACK acknowledges
    more.

What to do
    net.ipv4.tcp_fastopen needs bit 2 on the server (and TCP_FASTOPEN on its listener); behind a load
    balancer all servers need one net.ipv4.tcp_fastopen_key. `nstat -az 'TcpExtTCPFastOpen*'` counts
    failures.

Related codes
    options-altered
"""

from synscope.connections.model import Segment
from synscope.diagnosis.case import Case
from synscope.diagnosis.verdict import Verdict
from synscope.tcp.header import ACK, SYN

CODE = "fastopen-refused"
SEVERITY = "info"
ROLE = "besides"
CONN_STATE = "S1"
ERROR_TYPE = None


def find(case: Case) -> Verdict | None:
    """Data in the SYN, and an answer that does not acknowledge it."""
    syns, answers = case.captured("S", "client"), case.captured("S.", "server")
    if not syns or not answers or not _cookie(syns[0]) or not _has_data(case):
        return None
    if answers[0].ack != (syns[0].seq + 1) % 2**32:
        return None
    fresh = _cookie(answers[0])
    return Verdict(
        summary="The server did not take the data of the SYN (TCP Fast Open): "
        + ("its cookie was not valid." if fresh else "Fast Open is off there, or its queue is full."),
        evidence=(
            f"the SYN carried data and the cookie {_cookie(syns[0])}",
            f"the SYN-ACK acknowledges the SYN alone (ISN + 1) "
            f"{case.at(answers[0].received_ns or answers[0].sent_ns)}",
            *((f"the server gave a new cookie, {fresh}",) if fresh else ()),
        ),
        counter_evidence=("a SYN that asks for a cookie carries an empty option and no data",),
        remedy="Check net.ipv4.tcp_fastopen (bit 2) and net.ipv4.tcp_fastopen_key on the server, one key "
        "for all behind "
        "a load balancer.",
    )


def _cookie(segment: Segment) -> str:
    value = (segment.options or {}).get("fastopen")
    return value if isinstance(value, str) else ""


def _has_data(case: Case) -> bool:
    return any(event.payload and header.bits & (SYN | ACK) == SYN for event, header in case.seen)
