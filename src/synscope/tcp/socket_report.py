"""What the model said of a `socket()` call beside what the kernel did."""

import msgspec

from synscope.tcp.errnos import errno_name
from synscope.tcp.inetsw import Protosw
from synscope.tcp.socket_decision import Call, Caller, Decision, Step


class Outcome(msgspec.Struct, frozen=True):
    """What a call came to.

    Attributes:
        errno: 0 for success.
        socket: SO_DOMAIN, SO_TYPE and SO_PROTOCOL of what it made.
        error: the errno's name.
    """

    errno: int
    socket: Call | None = None
    error: str | None = None


class Report(msgspec.Struct, frozen=True, kw_only=True):
    """One call: `predicted` is None where the model does not know, and says why in `unknown`.

    Attributes:
        caller: what of the calling process the model was told.
        entry: the `inet_protosw` that was chosen, also where the call is refused after that.
        requests: the modules that the kernel asks for, in order.
        agree: None where nothing was predicted.
    """

    call: Call
    caller: Caller
    steps: tuple[Step, ...]
    requests: tuple[str, ...]
    entry: Protosw | None
    predicted: Outcome | None
    unknown: str | None
    done: Outcome
    agree: bool | None


def outcome(errno: int, socket: Call | None = None) -> Outcome:
    """With the errno's name."""
    return Outcome(errno, socket, errno_name(errno))


def report(decision: Decision, caller: Caller, done: Outcome) -> Report:
    """The two beside each other."""
    predicted = None if decision.errno is None else outcome(decision.errno, decision.socket)
    return Report(
        call=decision.call,
        caller=caller,
        steps=decision.steps,
        requests=decision.requests,
        entry=decision.entry,
        predicted=predicted,
        unknown=decision.unknown,
        done=done,
        agree=None if predicted is None else predicted == done,
    )
