"""The connection was ready and the server's program did not call accept() for a long time.

What happened
    The kernel had finished the handshake and put the connection into the accept queue; the program behind
    the listener left it there: it was busy, blocked, stopped, or out of descriptors. The client is
    connected and waits for an answer.

How synscope knows
    The time from the milestone queued to accepted (accept4's return, or getpeername4 inside it), or until
    now; and that in this time the listener accepted nothing for long, so that the queue did not simply
    drain in order.

What it would look like otherwise
    A burst: accept() was called all the time. A full queue as well: accept-queue-overflow for those that
    came later.

What to do
    Look at what the server's threads do (`py-spy dump`, `gdb -p`, `strace -f -e accept4`): accept() in a
    loop of its own, more workers, no blocking calls between two accept().

Related codes
    accept-queue-overflow, descriptor-limit
"""

from synscope.diagnosis.case import Case
from synscope.diagnosis.healthy import SLOW_ACCEPT_NS, VERY_SLOW_NS
from synscope.diagnosis.verdict import Verdict
from synscope.text import ASCII, duration

CODE = "slow-accept"
SEVERITY = "warning"
ROLE = "besides"
CONN_STATE = "S1"
ERROR_TYPE = None


def find(case: Case) -> Verdict | None:
    """A long wait in the accept queue that is the program's doing."""
    queued, accepted = case.moment("queued", "server"), case.moment("accepted", "server")
    if queued is None or case.server is None:
        return None
    if accepted is None and (case.record or not case.server.traced):  # its accept() may not have been seen
        return None
    until = accepted or case.moment("closed", "server") or case.last_ns
    least = SLOW_ACCEPT_NS if accepted is not None else VERY_SLOW_NS
    if until - queued < least or not _is_programs(case, queued, until):
        return None
    listener = case.listeners[0] if case.listeners else None
    who = listener.owner if listener else "the server"
    waited = duration(until - queued, ASCII)
    queue = case.queue(listener) if listener else None
    return Verdict(
        summary=f"{who} left the connection in the accept queue for {waited}"
        + ("." if accepted else ", and has not accepted it."),
        evidence=(
            f"queued {case.at(queued)}, " + (f"accepted {case.at(accepted)}" if accepted else "not accepted"),
            *(
                (
                    f"the longest time without any accept() meanwhile: "
                    f"{duration(queue.longest_pause(queued, until), ASCII)}",
                )
                if queue
                else ()
            ),
            *_failed(case, queued, until),
        ),
        counter_evidence=("the handshake was over before: neither network nor kernel is slow here",),
        remedy=f"Look at what {who} does instead of accept() (`strace -f -e accept4`, a stack dump of "
        "its threads).",
    )


def _is_programs(case: Case, queued: int, until: int) -> bool:
    """Very long, or with a long time in which nothing at all was accepted."""
    if until - queued >= VERY_SLOW_NS:
        return True
    listener = case.listeners[0] if case.listeners else None
    queue = case.queue(listener) if listener else None
    return queue is None or queue.longest_pause(queued, until) >= SLOW_ACCEPT_NS


def _failed(case: Case, start: int, end: int) -> tuple[str, ...]:
    cookie = case.listeners[0].cookie if case.listeners else None
    errors = case.around.accept_errors(cookie, start, end)
    return (f"accept() failed {len(errors)} times meanwhile: {errors[0].error}",) if errors else ()
