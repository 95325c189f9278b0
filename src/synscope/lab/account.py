"""The trace of a lab's run: what the guest handed over, named, and what QEMU's log tells of it."""

from msgspec.structs import replace

from synscope.events.trace import Trace
from synscope.kernel.btf import Btf
from synscope.kernel.symbols import Symbols
from synscope.lab.calls import function_calls
from synscope.lab.handover import unpacked
from synscope.lab.snapshot import Snapshot
from synscope.probes import aftermath
from synscope.probes.recovery import AddressSpace


class Account:
    """Of the runs of one snapshot, which tells what addresses mean."""

    def __init__(self, kept: Snapshot) -> None:
        """Makes all tables and indexes: while the guest runs there is time for it."""
        self._symbols = Symbols(kept.kallsyms())
        self._btf = Btf(kept.btf())
        _ = self._btf.functions
        self._read = kept.memory.read

    def trace(self, handed_over: bytes) -> Trace:
        """What the guest's own probes traced, `path` detail."""
        trace, addresses = unpacked(handed_over)
        space = AddressSpace(trace.header.build_id, self._symbols, self._btf, self._read)
        aftermath.explain(trace.footer, addresses, space)
        return trace

    def with_calls(self, trace: Trace, log: bytes) -> Trace:
        """And the calls of the same run, `functions` detail."""
        calls, functions = function_calls(log, self._symbols, self._btf, trace.halves)
        return replace(
            trace,
            header=replace(trace.header, detail="functions", calls_clock="order"),
            calls=calls,
            footer=replace(trace.footer, functions=functions),
        )
