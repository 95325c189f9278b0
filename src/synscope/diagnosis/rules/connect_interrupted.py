"""A signal interrupted connect(), and the attempt went on.

What happened
    A blocking connect() was interrupted by a signal handler. The handshake goes on in the kernel;
    connect() returns EINTR, or is called again by the kernel (SA_RESTART), or by the program, which then
    may get EALREADY or EISCONN.

How synscope knows
    sys_exit: connect() returned ERESTARTSYS (which the caller sees as EINTR or not at all), and the
    socket stayed in SYN_SENT.

What it would look like otherwise
    Closed after that: gave-up; so it is where the signal ended the whole process (do_exit). A non-blocking
    connect() returns EINPROGRESS.

What to do
    After EINTR do not call connect() again and do not close: wait for the socket to be writable (poll)
    and read SO_ERROR.

Related codes
    gave-up
"""

from synscope.diagnosis.case import Case
from synscope.diagnosis.verdict import Verdict

CODE = "connect-interrupted"
SEVERITY = "info"
ROLE = "besides"
CONN_STATE = "S1"
ERROR_TYPE = "interrupted"

_EXIT = frozenset({"do_exit", "do_group_exit"})
_AT_ONCE_NS = 100_000_000


def find(case: Case) -> Verdict | None:
    """A connect() of the attempt that a signal ended."""
    broken = [call for call in case.connects if call.interrupted]
    if not broken or _was_killed(case):
        return None
    again = len(case.connects) > len(broken)
    went_on = "connect() was called again" if again else "the attempt went on without it"
    return Verdict(
        summary=f"A signal interrupted connect(); {went_on}.",
        evidence=tuple(
            f"sys_exit: connect() returned -{call.error} {case.at(call.end_ns)}" for call in broken
        ),
        counter_evidence=("the socket was not closed by that: the SYN stayed out",),
        remedy="After EINTR wait with poll() for the socket to be writable and read SO_ERROR; do not "
        "connect() again.",
    )


def _was_killed(case: Case) -> bool:
    """Whether the process ended with the last of these calls: its socket was closed at once (do_exit)."""
    row, last = case.client_row, case.connects[-1]
    if row is None or not last.interrupted or last.end_ns is None:
        return False
    at_once = (step for step in row.transitions if 0 < step.t - last.end_ns < _AT_ONCE_NS)
    return any(not _EXIT.isdisjoint(case.around.path(step.stack)) for step in at_once)
