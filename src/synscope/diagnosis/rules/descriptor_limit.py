"""The process or the host has no descriptor left: socket() or accept() failed.

What happened
    The process reached RLIMIT_NOFILE (EMFILE), or the host fs.file-max (ENFILE). accept() then fails
    although a connection waits: it stays in the accept queue, and the listener stays readable, so that
    many servers spin.

How synscope knows
    sys_exit: accept() on the listener returned -EMFILE or -ENFILE while the connection was queued; or
    socket() did.

What it would look like otherwise
    The program does not call accept() at all: slow-accept. The queue is full too: accept-queue-overflow.

What to do
    `ls /proc/PID/fd | wc -l` against `grep 'open files' /proc/PID/limits`; raise it (`prlimit --nofile`,
    LimitNOFILE=), and look for descriptors that are not closed. Host wide: fs.file-nr, fs.file-max.

Related codes
    slow-accept, accept-queue-overflow
"""

from synscope.diagnosis.case import Case
from synscope.diagnosis.failed_calls import FailedCall
from synscope.diagnosis.verdict import Verdict

CODE = "descriptor-limit"
SEVERITY = "error"
ROLE = "cause"
CONN_STATE = "S1"
ERROR_TYPE = "too_many_open_sockets"

_ERRORS = {"EMFILE": "the process has no descriptor left", "ENFILE": "the host has no descriptor left"}


def find(case: Case) -> Verdict | None:
    """accept() failed for want of a descriptor while the connection was queued."""
    queued = case.moment("queued", "server")
    if queued is None or not case.listeners:
        return None
    until = case.moment("accepted", "server") or case.moment("closed", "server") or case.last_ns
    listener = case.listeners[0]
    errors = [e for e in case.around.accept_errors(listener.cookie, queued, until) if e.error in _ERRORS]
    if not errors:
        return None
    first = errors[0]
    late = case.moment("accepted", "server") is not None
    return Verdict(
        summary=f"accept() of {listener.owner} failed ({first.error}): {_ERRORS[first.error]}, and the "
        "connection waits.",
        evidence=(
            f"sys_exit: {first.name}() returned -{first.error} {case.at(first.end_ns)}, {len(errors)} "
            "times in all",
            f"the connection was queued {case.at(queued)}" + ("" if late else " and not accepted"),
        ),
        counter_evidence=("the program did call accept(): it is not too slow for that",),
        remedy=_remedy(first),
        severity="warning" if late else "error",
    )


def of_call(call: FailedCall) -> Verdict | None:
    """socket(), or accept() with nobody waiting, without a descriptor."""
    if call.error not in _ERRORS or not (call.name == "socket" or call.name.startswith("accept")):
        return None
    return Verdict(
        summary=f"{call.name}() of {call.who} failed ({call.error}): {_ERRORS[call.error]}.",
        evidence=(f"sys_exit: {call.name}() returned -{call.error}",),
        counter_evidence=("memory that is exhausted would be ENOBUFS or ENOMEM",),
        remedy=_remedy(call),
    )


def _remedy(call: FailedCall) -> str:
    if call.error == "ENFILE":
        return "`cat /proc/sys/fs/file-nr` against fs.file-max; `lsof` shows who holds them."
    limits = f"`ls /proc/{call.pid}/fd | wc -l` against `grep 'open files' /proc/{call.pid}/limits`"
    return (
        f"{limits}: close what is not needed, or raise it "
        f"(`prlimit --pid {call.pid} --nofile=N`, LimitNOFILE=)."
    )
