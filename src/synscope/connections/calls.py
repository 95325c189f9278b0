"""The call forest of a connection: what its stacks show, merged into one tree per side and context."""

from collections.abc import Iterable
from dataclasses import dataclass, field

import msgspec

from synscope.connections.model import Call, Context, Evidence, SideName
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


@dataclass
class _Node:
    """A `Call` in the making."""

    function: str
    side: SideName
    context: Context
    seen_ns: int
    evidence: Evidence = "stack"
    call: SystemCall | None = None
    marks: dict[str, None] = field(default_factory=dict)
    children: dict[str, "_Node"] = field(default_factory=dict)


def call_forest(sightings: Iterable[Sighting], calls: Iterable[SystemCall] = ()) -> tuple[Call, ...]:
    """One tree per side, context and root; siblings of one function are one node, in order of first time.

    A system call gives its root the times of entry and exit, and is a root of its own (evidence
    `probe`) where no stack was taken in it.
    """
    roots: dict[tuple[SideName, Context, str], _Node] = {}
    for seen in sorted(sightings, key=lambda sighting: sighting.t_ns):
        _insert(roots, seen)
    for call in calls:
        _attach(roots, call)
    return tuple(_call(node) for node in sorted(roots.values(), key=lambda node: node.seen_ns))


def _insert(roots: dict[tuple[SideName, Context, str], _Node], seen: Sighting) -> None:
    context, frames = seen.path
    node = roots.setdefault((seen.side, context, frames[0]), _Node(frames[0], seen.side, context, seen.t_ns))
    for function in frames[1:]:
        node = node.children.setdefault(function, _Node(function, seen.side, context, seen.t_ns))
    node.marks[seen.mark] = None


def _attach(roots: dict[tuple[SideName, Context, str], _Node], call: SystemCall) -> None:
    key: tuple[SideName, Context, str] = (call.side, "process", call.function)
    node = roots.setdefault(key, _Node(call.function, call.side, "process", call.enter_ns, evidence="probe"))
    if node.call is None:
        node.call = call
        node.seen_ns = min(node.seen_ns, call.enter_ns)


def _call(node: _Node) -> Call:
    return Call(
        function=node.function,
        evidence=node.evidence,
        side=node.side,
        context=node.context,
        seen_ns=node.seen_ns,
        enter_ns=node.call.enter_ns if node.call else None,
        exit_ns=node.call.exit_ns if node.call else None,
        ret=node.call.ret if node.call else None,
        marks=tuple(node.marks),
        children=tuple(_call(child) for child in node.children.values()),
    )
