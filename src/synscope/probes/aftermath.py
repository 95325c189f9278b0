"""What is read when tracing is over: the losses, names for the addresses, and what lies behind them."""

from collections.abc import Callable

import numpy as np

from synscope.events.trace import Footer, Rows
from synscope.kernel.btf import Btf
from synscope.kernel.symbols import Symbols
from synscope.probes import operations, recovery
from synscope.probes.config import HOOKS, LOSSES
from synscope.probes.libbpf import Map

STACK_DEPTH = 64


def count_losses(footer: Footer, losses: Map) -> None:
    """Fill `footer.lost` and `footer.left_out` from the kernel half's per-CPU counts."""
    for number, hook in enumerate(HOOKS):
        for kind, loss in enumerate(LOSSES):
            per_cpu = losses.lookup_percpu(number * len(LOSSES) + kind)
            count = sum(int.from_bytes(value[:8], "little") for value in per_cpu)
            if count and loss == "mptcp":
                footer.left_out[loss] = footer.left_out.get(loss, 0) + count
            elif count:
                footer.lost[f"{hook}: {loss}"] = count


class Named:
    """The stack ids and kernel addresses that rows name; the rows themselves need not be kept."""

    def __init__(self) -> None:
        self.stacks: set[int] = set()
        self.places: set[int] = set()
        self.tables: set[tuple[str, int]] = set()

    def note(self, halves: Rows, events: Rows) -> None:
        """Add what these rows name."""
        taken = halves["transitions"]
        used = np.arange(taken.shape[1]) < halves["transition_count"][:, None]
        ids = np.unique(np.concatenate([taken["stack"][used].ravel(), events["stack"]]))
        places = np.unique(np.concatenate([halves["drop_location"], events["location"]]))
        self.stacks.update(ids[ids >= 0].tolist())
        self.places.update(places[places != 0].tolist())
        self.tables |= operations.addresses(events)


def name_addresses(
    footer: Footer, named: Named, stacks: Map, read_symbols: Callable[[], Symbols], btf: Btf
) -> None:
    """Fill `footer.stacks`, `footer.symbols` and what `recovery` finds: only for what the rows name."""
    frames = {i: found for i in sorted(named.stacks) if (found := _frames(stacks, i))}
    if not frames and not named.places:
        return
    symbols = read_symbols()
    footer.stacks = {i: symbols.many(addresses) for i, addresses in frames.items()}
    footer.symbols = {address: symbols.lookup(address) for address in sorted(named.places)}
    if frames or named.tables:
        recovery.recover(footer, frames, named.tables, symbols, btf)


def _frames(stacks: Map, identity: int) -> list[int]:
    raw = stacks.lookup(identity, STACK_DEPTH * 8)
    addresses = np.frombuffer(raw, "<u8") if raw else np.empty(0, "<u8")
    return [int(a) for a in addresses[addresses != 0]]
