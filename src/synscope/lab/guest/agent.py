"""The guest's process 1: attaches the hooks, waits for an order, and hands over what was traced.

The host keeps a snapshot of the moment at which the order is awaited: everything is loaded and attached.
"""

import traceback
from pathlib import Path

import msgspec

from synscope.capture.file import write
from synscope.errors import SynscopeError
from synscope.events.trace import Trace
from synscope.kernel.btf import VMLINUX
from synscope.kernel.symbols import KALLSYMS, Symbols
from synscope.lab.guest.door import Door
from synscope.lab.guest.workload import STDERR, STDOUT, Workload
from synscope.lab.guest.world import CGROUP
from synscope.lab.messages import PAIR, Failed, Order, Outcome, Ready
from synscope.probes.session import Options, Session

TRACE = Path("/tmp/trace.syn")  # noqa: S108 (the guest's own)


def main(rehearsal: Workload, workload: Workload) -> None:
    """Does not return: the host ends the machine."""
    door = Door()
    try:
        serve(door, rehearsal, workload)
    except SynscopeError as error:
        door.call(Failed(error.what, error.why, error.remedy, int(error.code)))
    except Exception as error:
        traceback.print_exc()
        door.call(Failed("the lab's guest failed", f"{type(error).__name__}: {error}"))


def serve(door: Door, rehearsal: Workload, workload: Workload) -> None:
    """One order.

    A connection is made first and forgotten: at its first the kernel fills the tables by which it chooses
    ports, and synscope decodes the kernel's text.
    """
    with Session(Options(detail="path", cgroup=CGROUP), []) as session:
        rehearsal.run(PAIR, session.poll)
        kallsyms = KALLSYMS.read_bytes()
        session.begin_anew(Symbols(kallsyms))
        order = door.call(Ready(kallsyms=kallsyms, btf=VMLINUX.read_bytes()))
        status = workload.run(order, session.poll)
        trace = session.finish(status)
    door.call(Outcome(status, saved(trace, order), STDOUT.read_bytes(), STDERR.read_bytes()))


def saved(trace: Trace, order: Order) -> bytes:
    """The bytes of its file."""
    header = msgspec.structs.replace(trace.header, command=order.command)
    write(TRACE, msgspec.structs.replace(trace, header=header), force=True)
    return TRACE.read_bytes()
