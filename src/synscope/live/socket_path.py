"""Makes one `socket()` call for real, and traces the kernel's path through it."""

from contextlib import ExitStack

from synscope.connections.model import Call as KernelCall
from synscope.connections.socket_path import socket_path
from synscope.live.socket_trial import As, attempts
from synscope.probes.session import Options, Session
from synscope.tcp.socket_decision import Call, Caller
from synscope.tcp.socket_report import Outcome


def traced(call: Call, who: As) -> tuple[Caller, Outcome, tuple[KernelCall, ...]]:
    """The caller, what came of it, and the kernel's functions.

    Raises:
        SynscopeError: the session cannot be opened, or the child cannot become `who`.
    """
    with ExitStack() as stack:
        sessions: list[Session] = []

        def begin(pid: int) -> None:
            options = Options(detail="path", pid=pid)
            sessions.append(stack.enter_context(Session(options, ["socket"])))

        caller, (done,) = attempts([call], who, begin)
        return caller, done, socket_path(sessions[0].finish(None))
