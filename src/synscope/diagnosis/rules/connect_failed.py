"""connect() failed, and what is known does not say why.

What happened
    The attempt ended without a connection. In record detail a connect() that fails before any SYN leaves
    no error behind: no route, no free port, a policy, a wrong address. In path detail an errno may have
    no finding of its own.

How synscope knows
    The half began with connect() (cgroup/connect4 or 6), no SYN was made, and the socket was closed; or
    the outcome has an errno that no other finding explains.

What it would look like otherwise
    Every other finding says more.

What to do
    Run again with `--detail path`: then the errno of the call is known.

Related codes
    no-route, ephemeral-ports-exhausted, denied-by-policy, local-port-conflict
"""

from synscope.diagnosis.before_syn import failed_before_syn
from synscope.diagnosis.case import Case
from synscope.diagnosis.verdict import Verdict
from synscope.events.wire import Fate

CODE = "connect-failed"
SEVERITY = "error"
ROLE = "otherwise"
CONN_STATE = None
ERROR_TYPE = "_OTHER"


def find(case: Case) -> Verdict | None:
    """A failed connect() with no better finding."""
    row = case.client_row
    blind = case.outcome is None and failed_before_syn(case) and row is not None and row.fate != Fate.OPEN
    unexplained = case.errno is not None and not case.established and case.outcome != "in_progress"
    if not (blind or unexplained) or case.client is None:
        return None
    if unexplained and case.outcome == "timed_out":
        return None
    return Verdict(
        summary=f"connect() to {case.destination} failed ({case.errno})."
        if case.errno
        else f"connect() to {case.destination} failed before any SYN; record detail does not know why.",
        evidence=("cgroup/connect: the hook ran, no SYN was made after it, and the socket was given up",)
        if case.syn_out_ns is None
        else (f"errno {case.errno}",),
        doubts=("the reason is not known",),
        remedy="Run it again with --detail path: then the errno of the call and the path to it are known."
        if case.record
        else "`synscope show --view calls` shows how far the call came.",
    )
