"""What is read from the maps when tracing is over: the losses, and names for the addresses."""

from collections.abc import Iterator

import numpy as np

from synscope.events.trace import Footer, Rows
from synscope.kernel.symbols import Symbols
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


def name_addresses(footer: Footer, halves: Rows, events: Rows, maps: dict[str, Map]) -> None:
    """Fill `footer.stacks` and `footer.symbols`: only for what the rows name."""
    stacks = {i: frames for i in _stack_ids(halves, events) if (frames := _frames(maps["stacks"], i))}
    places = {int(a) for a in halves["drop_location"] if a} | {int(a) for a in events["location"] if a}
    if not stacks and not places:
        return
    symbols = Symbols.read()
    footer.stacks = {i: symbols.many(frames) for i, frames in stacks.items()}
    footer.symbols = {a: symbols.lookup(a) for a in places}


def _stack_ids(halves: Rows, events: Rows) -> Iterator[int]:
    taken = halves["transitions"]
    used = np.arange(taken.shape[1]) < halves["transition_count"][:, None]
    ids = np.concatenate([taken["stack"][used].ravel(), events["stack"]])
    yield from (int(i) for i in np.unique(ids[ids >= 0]))


def _frames(stacks: Map, identity: int) -> list[int]:
    raw = stacks.lookup(identity, STACK_DEPTH * 8)
    addresses = np.frombuffer(raw, "<u8") if raw else np.empty(0, "<u8")
    return [int(a) for a in addresses[addresses != 0]]
