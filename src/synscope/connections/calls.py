"""The call forest of a connection: what its stacks show, merged into one tree per side and context."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from functools import lru_cache
from operator import attrgetter
from typing import NamedTuple

import msgspec

from synscope.connections.model import Call, Context, SideName
from synscope.connections.stacks import Path


class Sighting(msgspec.Struct, frozen=True, kw_only=True):
    """Something was seen to happen at the end of a path: `mark` goes to the innermost function."""

    t_ns: int
    side: SideName
    path: Path
    mark: str


class SystemCall(msgspec.Struct, frozen=True, kw_only=True):
    """A system call of one side, by its kernel function; `exit_ns` None while it has not returned."""

    function: str
    side: SideName
    enter_ns: int
    exit_ns: int | None = None
    ret: str | None = None


Seen = tuple[SideName, Path, str]
"""A sighting without its time."""
_Root = tuple[SideName, Context, str]


class _Tree(NamedTuple):
    """A call without its times: `first` is the number of the sighting that it was first seen in."""

    function: str
    side: SideName
    context: Context
    first: int
    marks: tuple[str, ...]
    children: tuple["_Tree", ...]

    @property
    def root(self) -> _Root:
        return self.side, self.context, self.function


@dataclass
class _Node:
    """A `_Tree` in the making."""

    function: str
    first: int
    marks: dict[str, None] = field(default_factory=dict)
    children: dict[str, "_Node"] = field(default_factory=dict)


def call_forest(sightings: Iterable[Sighting], calls: Iterable[SystemCall] = ()) -> tuple[Call, ...]:
    """One tree per side, context and root; siblings of one function are one node, in order of first time.

    A system call gives its root the times of entry and exit, and is a root of its own (evidence
    `probe`) where no stack was taken in it.
    """
    ordered = sorted(sightings, key=attrgetter("t_ns"))
    trees = _trees(tuple((seen.side, seen.path, seen.mark) for seen in ordered))
    entered: dict[_Root, SystemCall] = {}
    for call in calls:
        entered.setdefault((call.side, "process", call.function), call)
    times = [seen.t_ns for seen in ordered]
    roots = [_root(tree, times, entered.pop(tree.root, None)) for tree in trees]
    roots += [_probed(call) for call in entered.values()]
    return tuple(sorted(roots, key=attrgetter("seen_ns")))


@lru_cache(1024)
def _trees(sightings: tuple[Seen, ...]) -> tuple[_Tree, ...]:
    """The trees of sightings in order of time: connections that took the same way have the same ones."""
    roots: dict[_Root, _Node] = {}
    for number, (side, (context, frames), mark) in enumerate(sightings):
        node = roots.setdefault((side, context, frames[0]), _Node(frames[0], number))
        for function in frames[1:]:
            node = node.children.setdefault(function, _Node(function, number))
        node.marks[mark] = None
    return tuple(_tree(node, side, context) for (side, context, _), node in roots.items())


def _tree(node: _Node, side: SideName, context: Context) -> _Tree:
    children = tuple(_tree(child, side, context) for child in node.children.values())
    return _Tree(node.function, side, context, node.first, tuple(node.marks), children)


def _root(tree: _Tree, times: Sequence[int], entered: SystemCall | None) -> Call:
    call = _call(tree, times)
    if entered is None:
        return call
    return msgspec.structs.replace(
        call,
        seen_ns=min(times[tree.first], entered.enter_ns),
        enter_ns=entered.enter_ns,
        exit_ns=entered.exit_ns,
        ret=entered.ret,
    )


def _call(tree: _Tree, times: Sequence[int]) -> Call:
    function, side, context, first, marks, children = tree
    return Call(
        function=function,
        side=side,
        context=context,
        seen_ns=times[first],
        marks=marks,
        children=tuple([_call(child, times) for child in children]),
    )


def _probed(call: SystemCall) -> Call:
    return Call(
        function=call.function,
        evidence="probe",
        side=call.side,
        seen_ns=call.enter_ns,
        enter_ns=call.enter_ns,
        exit_ns=call.exit_ns,
        ret=call.ret,
    )
