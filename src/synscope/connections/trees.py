"""Trees of functions without times: paths merged, and what was called unseen put in its place."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from itertools import repeat
from typing import NamedTuple

from synscope.connections.model import Context, Evidence, SideName
from synscope.connections.stacks import Path
from synscope.connections.unseen import RETURNED, Addition, Additions

Seen = tuple[SideName, Path, str]
"""A sighting without its time: side, path, and what happened at its end."""
Entered = tuple[SideName, str, bool]
"""A system call without its times: side, function, and whether it succeeded."""
_Root = tuple[SideName, Context, str]
_SEEN: Evidence = "stack"
_UNSEEN = -1


class Tree(NamedTuple):
    """A call: `first` is the number of the sighting that it was first seen in, -1 without any.

    `entered`: at the root of a system call that was seen to begin.
    """

    function: str
    evidence: Evidence
    side: SideName
    context: Context
    first: int
    marks: tuple[str, ...]
    children: tuple["Tree", ...]
    entered: Entered | None = None


@dataclass
class _Node:
    """A `Tree` in the making."""

    function: str
    evidence: Evidence
    first: int
    marks: dict[str, None] = field(default_factory=dict)
    children: dict[str, "_Node"] = field(default_factory=dict)


def grown(
    seen: tuple[Seen, ...], entered: tuple[Entered, ...], additions: Mapping[SideName, Additions]
) -> tuple[Tree, ...]:
    """The trees of sightings in order of time, of system calls, and of what they called unseen."""
    roots = _merged(seen)
    calls: dict[_Root, Entered] = {(call[0], "process", call[1]): call for call in entered}
    for side, context, function in calls:
        roots.setdefault((side, context, function), _Node(function, "probe", _UNSEEN))
    for at, root in roots.items():
        for addition in additions[at[0]].each:
            _add(root, addition, succeeded=at in calls and calls[at][2])
    return tuple(
        _tree(root, side, context)._replace(entered=calls.get((side, context, function)))
        for (side, context, function), root in roots.items()
    )


def _merged(seen: tuple[Seen, ...]) -> dict[_Root, _Node]:
    roots: dict[_Root, _Node] = {}
    for number, (side, path, mark) in enumerate(seen):
        known = zip(path.frames, path.evidence or repeat(_SEEN), strict=False)
        function, evidence = next(known)
        node = roots.setdefault((side, path.context, function), _Node(function, evidence, number))
        for function, evidence in known:
            node = node.children.setdefault(function, _Node(function, evidence, number))
            if evidence == _SEEN:
                node.evidence = evidence
        if mark:
            node.marks[mark] = None
    return roots


def _add(root: _Node, addition: Addition, *, succeeded: bool) -> None:
    for caller in [node for node in _beneath(root) if node.function == addition.caller]:
        if not all(_holds(one, root, caller, succeeded=succeeded) for one in addition.when):
            continue
        node, after = caller, addition.after
        for function, evidence in addition.functions:
            node, after = _child(node, function, evidence, after), ()


def _holds(condition: str, root: _Node, caller: _Node, *, succeeded: bool) -> bool:
    """See `unseen.Rule.when`."""
    if condition == RETURNED:
        return succeeded
    where, wanted = (root, condition[1:]) if condition.startswith("/") else (caller, condition)
    return any(
        node.function == wanted or any(mark.startswith(wanted) for mark in node.marks)
        for node in _beneath(where)
    )


def _child(node: _Node, function: str, evidence: Evidence, after: tuple[str, ...]) -> _Node:
    """The child of that name; where there is none it becomes one, after the last of those, else the first."""
    if function not in node.children:
        others = list(node.children.items())
        place = max((at for at, (name, _) in enumerate(others, 1) if name in after), default=0)
        others.insert(place, (function, _Node(function, evidence, node.first)))
        node.children = dict(others)
    return node.children[function]


def _beneath(node: _Node) -> Iterator[_Node]:
    yield node
    for child in node.children.values():
        yield from _beneath(child)


def _tree(node: _Node, side: SideName, context: Context) -> Tree:
    children = tuple(_tree(child, side, context) for child in node.children.values())
    return Tree(node.function, node.evidence, side, context, node.first, tuple(node.marks), children)
