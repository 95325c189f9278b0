"""Two forests of calls laid over one another: what both have, and where each has more.

Siblings are aligned by their names, in their order; below a pair, their children. Where siblings do not
agree, a call of one tree that holds the others' somewhere below is a layer that came between: it is new
(or gone), and what it holds is compared on; so is what two calls hold that hold mostly the same. What is left
over on both sides is at last paired by name: it has moved.
"""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from difflib import SequenceMatcher

from synscope.connections.comparison import Kind
from synscope.connections.nodes import Node


@dataclass(slots=True, eq=False)
class Unified:
    """A call of both forests, or of one: `a` or `b` is None where that has none here.

    Attributes:
        kind: `moved` and `reordered` stand where `b` has the call; `left` stands where `a` had it.
        other: for `moved` what called it in `a`, for `left` what calls it in `b`; "" if that is the same.
    """

    a: Node | None
    b: Node | None
    kind: Kind
    children: list["Unified"] = field(default_factory=list)
    other: str = ""

    @property
    def node(self) -> Node:
        """The call as `b` has it, else as `a` has."""
        node = self.b or self.a
        assert node is not None
        return node

    @property
    def caller(self) -> str:
        """What calls it there, else the context that it runs in."""
        parent = self.node.parent
        return self.node.call.context if parent is None else parent.call.function

    def walk(self) -> Iterator["Unified"]:
        """This and all below, parents first."""
        todo = [self]
        while todo:
            one = todo.pop()
            yield one
            todo += reversed(one.children)


def unified(places: Iterable[tuple[Sequence[Node], Sequence[Node]]]) -> list[Unified]:
    """Both forests as one, place by place (a place: a side's softirqs, say), in the order of `b`.

    What only `a` has stands where it was. A call may have moved from one place to another.
    """
    forest = [one for a, b in places for one in _aligned(a, b)]
    _find_moves(forest)
    return forest


def _aligned(a: Sequence[Node], b: Sequence[Node]) -> list[Unified]:
    matcher = SequenceMatcher(None, [one.name for one in a], [one.name for one in b], autojunk=False)
    found = []
    for what, start, stop, begin, end in matcher.get_opcodes():
        if what == "equal":
            pairs = zip(a[start:stop], b[begin:end], strict=True)
            found += [Unified(x, y, "same", _aligned(x.children, y.children)) for x, y in pairs]
        else:
            found += _unlike(list(a[start:stop]), list(b[begin:end]))
    return found


def _unlike(a: list[Node], b: Sequence[Node]) -> list[Unified]:
    """Siblings of which none has its like in its place: what only `a` has, then what only `b` has."""
    gone: list[Unified] = []
    new: list[Unified] = []
    for y in b:
        held = [x for x in a if x.name in y.below]
        twin = None if held else _twin(y, a)
        if twin is not None:
            gone.append(Unified(twin, None, "vanished"))
            held = twin.children
        a = [x for x in a if x not in held and x is not twin]
        new.append(Unified(None, y, "appeared", _aligned(held, y.children)))
    for x in a:
        inside = [one for one in new if one.node.name in x.below and _is_all(one, "appeared")]
        new = [one for one in new if one not in inside]
        gone.append(Unified(x, None, "vanished", _aligned(x.children, [one.node for one in inside])))
    return gone + new


def _twin(y: Node, among: Sequence[Node]) -> Node | None:
    """The first call that holds mostly the same as `y`: another function in the same place."""
    for x in among:
        common = sum((x.below & y.below).values())
        if (
            common
            and y.name not in x.below
            and 2 * common >= max(sum(x.below.values()), sum(y.below.values()))
        ):
            return x
    return None


def _find_moves(forest: Sequence[Unified]) -> None:
    """Pair what only `a` has with what only `b` has, where a name is left over as often in both.

    Outermost first: what a call holds has moved with it.
    """
    while True:
        gone, new = _left_over(forest, "vanished"), _left_over(forest, "appeared")
        name = next((name for name, left in gone.items() if len(left) == len(new.get(name, ()))), None)
        if name is None:
            return
        above = {id(child): one for tree in forest for one in tree.walk() for child in one.children}
        for old, now in zip(gone[name], new[name], strict=True):
            together = above.get(id(old)) is above.get(id(now))
            _move(old, now, together)


def _left_over(forest: Sequence[Unified], kind: Kind) -> dict[tuple[str, str], list[Unified]]:
    """By side and name."""
    found: dict[tuple[str, str], list[Unified]] = defaultdict(list)
    for tree in forest:
        for one in tree.walk():
            if one.kind == kind:
                found[one.node.call.side, one.node.name].append(one)
    return found


def _move(old: Unified, now: Unified, together: bool) -> None:
    """`old` has been found again at `now`: what they hold is compared there."""
    assert old.a is not None
    assert now.b is not None
    was_in, is_in = ("", "") if together else (old.caller, now.caller)
    old.kind, old.other, now.other = "left", is_in, was_in
    now.a, now.kind = old.a, "reordered" if together else "moved"
    if _is_all(old, "vanished") and _is_all(now, "appeared"):
        now.children, old.children = _aligned(old.a.children, now.b.children), []


def _is_all(one: Unified, kind: Kind) -> bool:
    """Whether all that it holds is of one forest only."""
    return all(inner.kind == kind for child in one.children for inner in child.walk())
