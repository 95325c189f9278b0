"""A change of state that TCP does not have.

What happened
    A socket went from one state to another in a way that is in no row of synscope's table of Linux's TCP
    state machine (src/synscope/tcp/transitions.py), or a function made the change that does not make it,
    or two changes do not join: one leaves a state that the one before did not enter.

How synscope knows
    inet_sock_set_state tells both states, and its stack the function that made the change. The table of
    changes and of who makes them is held against RFC 9293 and against traces of Linux 6.1, 6.12 and 6.18.

What it would look like otherwise
    Where the tracer lost records changes are missing, and what is left need not join: that is a doubt.
    Where the function was itself traced, its name is not known, and not judged.

What to do
    Another kernel may have another function for a change: update synscope. Else it is a bug of the
    kernel, of a module or BPF program that moves sockets, or of synscope: report it, with the trace file.

Related codes
    illegal-segment, simultaneous-open, self-connect
"""

from synscope.diagnosis.case import Case
from synscope.diagnosis.lawful import Illegal, illegal_changes
from synscope.diagnosis.verdict import Verdict

CODE = "illegal-transition"
SEVERITY = "warning"
ROLE = "besides"
CONN_STATE = None
ERROR_TYPE = None


def find(case: Case) -> Verdict | None:
    """Every illegal change of state."""
    found = list(illegal_changes(case))
    if not found:
        return None
    change = found[0].change
    return Verdict(
        summary=f"The {change.side}'s socket went {change.source} > {change.target}, which is illegal.",
        evidence=tuple(_told(case, one) for one in found),
        counter_evidence=() if case.around.lossy else ("the tracer lost no records",),
        remedy="Compare `synscope states` with the trace (`synscope show --view states`), and report it "
        "with the trace file.",
    )


def _told(case: Case, one: Illegal) -> str:
    change = one.change
    by = f" by {change.by}" if change.by else ""
    instead = f" ({one.instead})" if one.instead else ""
    name = f"{change.side}: {change.source} > {change.target}{by} {case.at(change.t_ns)}"
    return f"{name}: {one.what}{instead}"
