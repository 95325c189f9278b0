"""The guest's process 1: attaches the hooks, waits for an order, and hands over what was traced.

The host keeps a snapshot of the moment at which the order is awaited: everything is loaded and attached.
"""

import traceback

from synscope.errors import SynscopeError
from synscope.kernel.btf import VMLINUX
from synscope.kernel.symbols import KALLSYMS
from synscope.lab.guest.door import Door
from synscope.lab.guest.workload import STDERR, STDOUT, Workload
from synscope.lab.guest.world import CGROUP
from synscope.lab.handover import packed
from synscope.lab.messages import PAIR, Failed, Outcome, Ready
from synscope.probes.session import Options, Session


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
    ports. The host names the addresses: it decodes the kernel's text as fast as it runs.
    """
    with Session(Options(detail="path", cgroup=CGROUP), []) as session:
        rehearsal.run(PAIR, session.poll)
        session.begin_anew()
        order = door.call(Ready(kallsyms=KALLSYMS.read_bytes(), btf=VMLINUX.read_bytes()))
        status = workload.run(order, session.poll)
        trace, addresses = session.finish_unnamed(status)
    door.call(Outcome(status, packed(trace, addresses), STDOUT.read_bytes(), STDERR.read_bytes()))
