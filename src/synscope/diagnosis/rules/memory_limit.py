"""The kernel had no memory for it: ENOBUFS, ENOMEM, or TCP's own limit.

What happened
    socket() or connect() failed for want of memory, or a segment was freed for it: memory of the cgroup,
    of the host, or net.ipv4.tcp_mem, which bounds what all TCP sockets together may hold. A handshake alone
    does not ask tcp_mem: a SYN and a request are allotted beyond it.

How synscope knows
    The call returned -ENOBUFS or -ENOMEM; or kfree_skb freed a segment with the reason PROTO_MEM or
    NOMEM.

What it would look like otherwise
    Descriptors: EMFILE (descriptor-limit). Full queues of a listener have no such reason
    (accept-queue-overflow).

What to do
    `cat /proc/net/sockstat` (TCP: mem, in pages) against net.ipv4.tcp_mem; `memory.max` and
    `memory.events` of the cgroup; `dmesg` (`TCP: out of memory`).

Related codes
    descriptor-limit, syn-dropped
"""

from synscope.diagnosis.case import Case
from synscope.diagnosis.failed_calls import FailedCall
from synscope.diagnosis.verdict import Verdict
from synscope.diagnosis.words import dropped

CODE = "memory-limit"
SEVERITY = "error"
ROLE = "cause"
CONN_STATE = None
ERROR_TYPE = "no_buffer_space_available"

_ERRORS = ("ENOBUFS", "ENOMEM")
_REASONS = ("PROTO_MEM", "NOMEM")
_REMEDY = (
    "`cat /proc/net/sockstat` against net.ipv4.tcp_mem, `memory.events` of the cgroup, and `dmesg` "
    "tell whose limit it was."
)


def find(case: Case) -> Verdict | None:
    """connect() failed for memory, or a segment was freed for it."""
    drops = [drop for drop in case.drops if drop.reason in _REASONS]
    failed = case.errno in _ERRORS
    if not (failed or (drops and not case.established)):
        return None
    return Verdict(
        summary=f"The kernel had no memory for the connection to {case.destination}"
        + (f" ({case.errno})." if failed else ": a segment was freed for it."),
        evidence=dropped(case, drops, "a segment")
        if drops
        else (f"sys_exit: connect() returned -{case.errno}",),
        counter_evidence=("a full queue of the listener gives no such reason",),
        remedy=_REMEDY,
    )


def of_call(call: FailedCall) -> Verdict | None:
    """A call that failed for memory."""
    if call.error not in _ERRORS:
        return None
    return Verdict(
        summary=f"{call.name}() of {call.who} failed for want of memory ({call.error}).",
        evidence=(f"sys_exit: {call.name}() returned -{call.error}",),
        counter_evidence=("descriptors that are used up would be EMFILE or ENFILE",),
        remedy=_REMEDY,
    )
