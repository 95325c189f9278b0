"""What is read when tracing is over: the losses, names for the addresses, and what lies behind them."""

import msgspec
import numpy as np

from synscope.events.trace import Footer, Rows
from synscope.probes import operations, recovery
from synscope.probes.config import HOOKS, LOSSES
from synscope.probes.libbpf import Map
from synscope.probes.recovery import AddressSpace

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


class Addresses(msgspec.Struct):
    """Those of the kernel that a trace's rows name, before anything explains them.

    Attributes:
        frames: stack id to the addresses of its frames, innermost first.
        places: where segments were dropped, ascending.
        tables: of operations, by kind and address, ascending.
    """

    frames: dict[int, list[int]]
    places: list[int]
    tables: list[tuple[str, int]]

    def __bool__(self) -> bool:
        return bool(self.frames or self.places or self.tables)


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
        ids = np.concatenate([taken["stack"][used].ravel(), events["stack"]])
        places = np.concatenate([halves["drop_location"], events["location"]])
        self.stacks.update(ids[ids >= 0].tolist())
        self.places.update(places[places != 0].tolist())
        self.tables |= operations.addresses(events)

    def addresses(self, stacks: Map) -> Addresses:
        """With the frames of the stacks, which the kernel half has collected."""
        frames = {i: found for i in sorted(self.stacks) if (found := _frames(stacks, i))}
        return Addresses(frames, sorted(self.places), sorted(self.tables))


def explain(footer: Footer, addresses: Addresses, space: AddressSpace) -> None:
    """Fill `footer.stacks`, `footer.symbols` and what `recovery` finds."""
    symbols = space.symbols
    footer.stacks = {i: symbols.many(frames) for i, frames in addresses.frames.items()}
    footer.symbols = {address: symbols.lookup(address) for address in addresses.places}
    if addresses.frames or addresses.tables:
        recovery.recover(footer, addresses.frames, addresses.tables, space)


def _frames(stacks: Map, identity: int) -> list[int]:
    raw = stacks.lookup(identity, STACK_DEPTH * 8)
    addresses = np.frombuffer(raw, "<u8") if raw else np.empty(0, "<u8")
    return [int(a) for a in addresses[addresses != 0]]
