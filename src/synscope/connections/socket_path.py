"""The functions that one socket() call went through, of a trace that has nothing else."""

from synscope.connections.calls import Sighting, call_forest
from synscope.connections.edges import Edges
from synscope.connections.effects import with_inlined
from synscope.connections.model import Call
from synscope.connections.rows import event_rows
from synscope.connections.stacks import Stacks
from synscope.connections.syscalls import SystemCalls
from synscope.events.trace import Trace
from synscope.events.wire import PathKind

MARK = "sets up its timer"


def socket_path(trace: Trace) -> tuple[Call, ...]:
    """The call's tree, with its return value.

    One stack is all there is: of the first timer that the new socket sets up (bpf/calls.bpf.c, timer_init).
    A call that ends before that shows its entry only.
    """
    stacks = Stacks(trace.footer.stacks, Edges(trace.footer.edges, trace.footer.operations))
    events = trace.events
    seen = [
        Sighting(t_ns=event.t, side="client", path=with_inlined(path), mark=MARK)
        for event in event_rows(events[events["kind"] == PathKind.SOCKET])
        if (path := stacks.path(event.stack)) is not None
    ]
    system = SystemCalls(trace)
    calls = [
        call
        for entered in event_rows(events[events["kind"] == PathKind.CALL])
        if (call := system.find(entered.tid, "socket", entered.t, "client")) is not None
    ]
    return call_forest(seen, calls)
