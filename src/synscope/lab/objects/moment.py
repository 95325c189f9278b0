"""A guest that is stopped in the middle of its order, and what lies in its memory then.

It is stopped by a breakpoint. QEMU executes a page with a breakpoint one instruction at a time, and its clock
counts instructions: up to the stop this run does what a traced one does.
"""

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager

from synscope.errors import Exit, SynscopeError
from synscope.kernel.btf import Btf
from synscope.kernel.symbols import Symbols
from synscope.lab import snapshot
from synscope.lab.experiment import RUN_S
from synscope.lab.kernels import Kernel
from synscope.lab.machine import Machine
from synscope.lab.messages import Order, Outcome
from synscope.lab.objects.data import Data
from synscope.lab.objects.heap import Heap
from synscope.lab.objects.rows import Rows
from synscope.lab.objects.stub import Stub
from synscope.lab.snapshot import Snapshot

SET_UP = ("tcp_sendmsg", "tcp_close")
"""The first byte is about to be sent, or the first socket closed: what was set up is there, nothing over."""


class Moment:
    """Good for as long as the guest stands still.

    Attributes:
        function: about to be entered.
        rows: its sockets; without those of the connection that the guest makes before it takes orders.
        read: its memory, by the kernel's own addresses.
        data: where its variables are.
    """

    function: str
    rows: Rows

    def __init__(self, kept: Snapshot, stub: Stub) -> None:
        self.read = stub.read
        self.btf = Btf(kept.btf())
        self.symbols = Symbols(kept.kallsyms())
        self.data = Data(kept.kallsyms())
        self.heap = Heap(stub.read, self.btf)

    @property
    def tick_ms(self) -> float:
        """Of a jiffy, by the kernel's `tick_nsec`."""
        return int.from_bytes(self.heap.octets(self.data.address("tick_nsec"), 8), "little") / 1e6


@contextmanager
def moment(
    kernel: Kernel, order: Order, functions: Sequence[str], booting: Callable[[], object] = lambda: None
) -> Iterator[Moment]:
    """The first moment at which the order, on `kernel`, leads to one of these functions.

    Raises:
        SynscopeError: the kernel has no such function, or none is called; as `experiment.run` does.
    """
    kept = snapshot.of(kernel, booting)
    with Stub() as stub, Machine(stub.arguments, (stub.theirs,), kept.saved) as machine:
        now = Moment(kept, stub)
        places = {_place(now.symbols, name, kernel.release): name for name in functions}
        for place in places:
            stub.stop_at(place)
        earlier = frozenset(Rows(now.heap, now.data).identities())
        machine.go_on(order)
        machine.wait(RUN_S)
        if not stub.at_breakpoint():
            raise _never(machine.said(Outcome), functions)
        now.function = places[stub.program_counter()]
        now.rows = Rows(now.heap, now.data, earlier)
        yield now


def _place(symbols: Symbols, name: str, release: str) -> int:
    place = symbols.address(name)
    if place is None:
        why = f"{release} has none, or it is part of others (inlined)"
        raise SynscopeError(
            f"no function {name!r}", why, "synscope lab --view calls --all-functions", Exit.USAGE
        )
    return place


def _never(outcome: Outcome, functions: Sequence[str]) -> SynscopeError:
    ended = "it was killed" if outcome.status is None else f"it ended with status {outcome.status}"
    why = f"the command never led to {' or '.join(functions)}: {ended}"
    return SynscopeError("no moment to look at", why, "synscope lab inspect --at FUNCTION -- CMD")
