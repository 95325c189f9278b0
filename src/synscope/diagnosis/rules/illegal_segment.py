"""A segment that TCP does not allow.

What happened
    A segment of the handshake, or an RST, breaks a rule of RFC 9293 or RFC 7323: it acknowledges what was
    not sent, has a sequence number of another sequence, agrees to an option that was not offered.

How synscope knows
    Each captured segment is held against the rules in src/synscope/tcp/segment_rules.py, and against the
    initial sequence numbers that the sockets themselves have.

What it would look like otherwise
    What was not captured is not judged. A SYN-ACK with another sequence number than the socket's is legal
    where its listener forgot a request between. Data in the SYN is acknowledged with it (Fast Open).

What to do
    Something between the ends, or a peer that is no ordinary TCP, sent or changed it: a firewall that
    refuses for others, a middlebox that rewrites numbers or options, an injected RST. Compare captures at
    both ends (`tcpdump -S`). Where both ends are on this host, and nothing is between, report it.

Related codes
    illegal-transition, options-altered, refused-by-firewall, nat-between
"""

from synscope.diagnosis.case import Case
from synscope.diagnosis.lawful import illegal_segments
from synscope.diagnosis.verdict import Verdict
from synscope.tcp.segment_rules import Breach, kind

CODE = "illegal-segment"
SEVERITY = "warning"
ROLE = "besides"
CONN_STATE = None
ERROR_TYPE = None


def find(case: Case) -> Verdict | None:
    """Every segment that breaks a rule."""
    found = illegal_segments(case)
    if not found:
        return None
    segment = found[0].segment
    return Verdict(
        summary=f"The {segment.source} sent an illegal {kind(segment.flags)}: {found[0].what}.",
        evidence=tuple(map(_told, found)),
        counter_evidence=() if case.around.lossy else ("the tracer lost no records",),
        remedy="Compare captures at both ends: "
        "tcpdump -S -nvvi any 'tcp[tcpflags] & (tcp-syn|tcp-rst) != 0'.",
    )


def _told(breach: Breach) -> str:
    segment, rule = breach.segment, breach.rule
    section = rule.section if rule.section.startswith("RFC") else f"RFC 9293 {rule.section}"
    name = f"segment {segment.n}, {kind(segment.flags)} of the {segment.source}"
    return f"{name}: {breach.what}; rule: {rule.says} ({section})"
