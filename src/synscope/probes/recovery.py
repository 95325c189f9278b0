"""What the kernel's text tells of a trace's stacks: the footer's `operations`, `edges` and `text`.

It is decoded as x86-64; on other machines only the operations are read.
"""

import platform
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import NamedTuple

from synscope.connections import unseen
from synscope.connections.stacks import extent
from synscope.errors import SynscopeError
from synscope.events.trace import Edge, Footer, FunctionText
from synscope.kernel.btf import Btf
from synscope.kernel.callsites import POINTER
from synscope.kernel.symbols import Symbols
from synscope.kernel.text import Read, Text
from synscope.probes.operations import Table, read_tables
from synscope.probes.text_cache import TextCache

Frames = Mapping[int, Sequence[int]]
"""Stack id to the addresses of its frames, innermost first."""


class AddressSpace(NamedTuple):
    """What explains the addresses of the kernel that a trace was taken on, whether it still runs or not.

    Attributes:
        build_id: hex, or "".
        read: its memory; raises SynscopeError where it refuses.
    """

    build_id: str
    symbols: Symbols
    btf: Btf
    read: Read


def recover(footer: Footer, frames: Frames, wanted: Iterable[tuple[str, int]], space: AddressSpace) -> None:
    """Fill the footer, whose stacks are named already. What cannot be read is counted among the losses.

    `wanted`: the tables of operations, by kind and address.
    """
    if not space.symbols.available():
        return
    cache = TextCache(space.build_id, space.symbols)
    text = Text(space.symbols, space.read, cache.load())
    try:
        tables = read_tables(wanted, space.read, space.btf, text)
        footer.operations = {table.address: table.named(text) for table in tables}
        if platform.machine() == "x86_64":
            footer.edges = list(_edges(footer, frames, tables, text))
            footer.text = _texts(frames, tables, text)
    except SynscopeError as error:
        footer.lost[f"kernel text: {error.why}"] = 1
        return
    if text.grown:
        cache.save(text.facts)


def _edges(footer: Footer, frames: Frames, tables: Sequence[Table], text: Text) -> Iterator[Edge]:
    """Of all neighbours in the parts of the stacks that are shown, each pair once."""
    pairs: dict[tuple[int, int], str] = {}
    for number, addresses in frames.items():
        symbols = footer.stacks[number]
        _, shown = extent(symbols)
        for at in range(shown.start, shown.stop - 1):
            pairs[addresses[at + 1], text.start(addresses[at])] = symbols[at + 1]
    for (caller, callee), symbol in pairs.items():
        if caller and callee:
            yield from _explained(caller, callee, symbol, tables, text)


def _explained(caller: int, callee: int, symbol: str, tables: Sequence[Table], text: Text) -> Iterator[Edge]:
    """The functions between a return address and the function that it is the caller of."""
    target = text.called(caller)
    if target is None or target == callee:
        return
    if target == POINTER:
        for table in tables:
            yield from _through(table, callee, symbol, text)
        return
    passed = text.passed(target, callee)
    if not passed and POINTER in text.jumps(target):
        passed = [target] if any(callee in table.members.values() for table in tables) else []
    if passed:
        yield Edge(symbol, text.name(callee), [text.name(at) for at in passed])


def _through(table: Table, callee: int, symbol: str, text: Text) -> Iterator[Edge]:
    """By the one member of the table that leads there."""
    ways = [passed for start in set(table.members.values()) if (passed := text.passed(start, callee))]
    if len(ways) == 1:
        yield Edge(symbol, text.name(callee), [text.name(at) for at in ways[0]], table.address)


def _texts(frames: Frames, tables: Sequence[Table], text: Text) -> dict[str, FunctionText]:
    """The text of the functions that rules name, as far as they can be come by."""
    members = {at for table in tables for at in table.members.values()}
    named = {
        at for table in tables for name, at in table.members.items() if (table.kind, name) in unseen.POINTERS
    }
    queue = [*_known(frames, text), *named]
    found: dict[str, FunctionText] = {}
    for function in queue:
        name = text.name(function)
        if name in found:
            continue
        calls = [at for at in text.calls(function) if at in members or _is_named(at, text)]
        jumps = text.jumps(function)
        found[name] = FunctionText(_names(calls, text), _names(jumps, text))
        queue += [at for at in (*calls, *jumps) if at != POINTER and text.name(at) in unseen.FUNCTIONS]
    return found


def _known(frames: Frames, text: Text) -> Iterator[int]:
    """Where rules may begin: functions in stacks, and system calls that no stack was taken in."""
    starts = {text.start(address) for addresses in frames.values() for address in addresses}
    seen = {name: start for start in starts if start and (name := text.name(start)) in unseen.FUNCTIONS}
    yield from seen.values()
    for name in unseen.ENTRIES:
        if name not in seen and (start := text.entry(name)) is not None:
            yield start


def _is_named(address: int, text: Text) -> bool:
    return address == POINTER or text.name(address) in unseen.FUNCTIONS


def _names(addresses: Iterable[int], text: Text) -> list[str]:
    return ["*" if at == POINTER else text.name(at) for at in addresses]
