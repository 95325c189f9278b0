"""The application's own limit ended the attempt: TCP_USER_TIMEOUT or TCP_SYNCNT.

What happened
    The SYN was not answered, and TCP gave up sooner than net.ipv4.tcp_syn_retries has it, because the
    application had set TCP_USER_TIMEOUT (milliseconds without an answer) or TCP_SYNCNT (how many
    retries).

How synscope knows
    The retransmission timer ended the attempt (ETIMEDOUT) less than one retransmission interval after the
    last SYN: only TCP_USER_TIMEOUT shortens that last wait (tcp_clamp_rto_to_user_timeout). Or fewer SYNs
    were sent again than the sysctl of that namespace says.

What it would look like otherwise
    The kernel's own end: as many retries as net.ipv4.tcp_syn_retries, and a last wait at least as long as
    the one before (syn-lost alone). The owner closing the socket: gave-up.

What to do
    First see why nothing answered: the other finding says what is known. Then decide whether the limit is
    meant: 1 s does not survive the loss of a single SYN, whose first retry comes after 1 s.

Related codes
    syn-lost, gave-up
"""

from synscope.diagnosis.case import Case
from synscope.diagnosis.verdict import Verdict
from synscope.diagnosis.words import times
from synscope.text import ASCII, duration

CODE = "user-timeout"
SEVERITY = "warning"
ROLE = "besides"
CONN_STATE = "S0"
ERROR_TYPE = "timed_out"

_FIRST_RTO_NS = 1_000_000_000
_TOLERANCE = 0.9


def find(case: Case) -> Verdict | None:
    """A timeout that came sooner than the kernel's own."""
    half, made, end = case.client, case.syn_out_ns, case.end_ns
    if half is None or made is None or end is None or case.outcome != "timed_out" or case.ended_by != "timer":
        return None
    last, least = _last_wait(case, made, end)
    retries = case.around.sysctl("net.ipv4.tcp_syn_retries", half.netns)
    short = last < _TOLERANCE * least
    fewer = retries is not None and retries.isdecimal() and case.syn_retransmits < int(retries)
    if not (short or fewer):
        return None
    return Verdict(
        summary=f"TCP gave up after {duration(end - made, ASCII)} because the application set "
        + ("TCP_USER_TIMEOUT." if short else "TCP_USER_TIMEOUT or TCP_SYNCNT."),
        evidence=(
            f"the retransmission timer ended it {case.at(end)}, after "
            f"{times(case.syn_retransmits, 'retransmission')}",
            *(
                (f"waited {duration(last, ASCII)} where at least {duration(least, ASCII)} was due",)
                if short
                else ()
            ),
            *((f"net.ipv4.tcp_syn_retries is {retries}",) if retries is not None else ()),
        ),
        counter_evidence=("the owner did not close the socket: the timer did",),
        doubts=() if short else ("which of the two options it was is not seen",),
        remedy="See first why nothing answered; then let the limit outlast a lost SYN (more than 1 s, "
        "better 3 s).",
    )


def _last_wait(case: Case, made: int, end: int) -> tuple[int, int]:
    """How long the last SYN was waited for, and how long it should have been: as the one before, or longer.

    Without the SYNs' own times (record detail): the whole, against a second for each SYN, the least there is.
    """
    sent = [one.sent_ns for one in case.captured("S", "client") if one.sent_ns is not None]
    if len(sent) > 1 and len(sent) == case.syn_retransmits + 1:
        return end - sent[-1], sent[-1] - sent[-2]
    return end - made, (case.syn_retransmits + 1) * _FIRST_RTO_NS
