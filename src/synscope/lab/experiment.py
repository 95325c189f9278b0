"""One run of a command in the lab: restore a snapshot, give the order, collect the trace.

Between the order and the outcome the machine is not stopped, so that every run is the same: where it stops,
and the guest stops by itself at `Door.call(message)`, QEMU may set its clock forward to its next timer or
not, whatever its threads do first. QEMU's log is on all that time.
"""

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Literal

import msgspec

from synscope.lab import snapshot
from synscope.lab.image import Source
from synscope.lab.kernels import Kernel
from synscope.lab.machine import Machine
from synscope.lab.messages import Order, Outcome

if TYPE_CHECKING:
    from synscope.events.trace import Trace

RUN_S = 300.0
"""Seconds of wall time that a command may take; its own limit counts the guest's clock."""

Detail = Literal["path", "functions"]


class Result(msgspec.Struct, frozen=True):
    """What came of it; `status` as a shell gives it, None: the command was killed at its limit."""

    trace: "Trace"
    status: int | None
    stdout: bytes
    stderr: bytes


def run(
    kernel: Kernel,
    order: Order,
    detail: Detail,
    booting: Callable[[], object] = lambda: None,
    stage: Sequence[Source] = (),
) -> Result:
    """Run one order on `kernel`; `booting` is called where that takes the time of a boot.

    `stage`: see `snapshot.of`.

    Raises:
        SynscopeError: there is no QEMU, the guest does not get ready or hangs, or has no such program.
    """
    kept = snapshot.of(kernel, booting, stage)
    logged = detail == "functions"
    with Machine(["-dfilter", kept.dfilter] if logged else [], saved=kept.saved) as machine:
        if logged:
            machine.log_calls()
        machine.go_on(order)
        from synscope.lab.account import Account  # noqa: PLC0415 (numpy comes while the guest runs)

        account = Account(kept)
        outcome = machine.message(RUN_S, Outcome)
        log = machine.log.path.read_bytes()
    trace = account.trace(outcome.trace)
    trace.header.command = order.command
    trace.header.lab = f"QEMU {machine.version}, tcg, icount"
    if logged:
        trace = account.with_calls(trace, log)
    return Result(trace, outcome.status, outcome.stdout, outcome.stderr)
