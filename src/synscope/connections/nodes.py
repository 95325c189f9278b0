"""Call trees made ready for comparing: by the catalogue's names, without what is not wanted."""

from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field

from synscope.connections.model import Call
from synscope.tcp import catalogue

DEEPEST = 120
"""Levels that are kept: of what a (foreign) file nests deeper, the parts become siblings."""

Wanted = Callable[[str], bool]
"""Whether a function is to be compared, by its symbol."""


@dataclass(slots=True, eq=False)
class Node:
    """A call and those in it that are wanted.

    Attributes:
        name: the function's name in the catalogue, else its symbol without the compiler's suffix: what
            it is called in another kernel too.
        below: the names of all calls in it.
    """

    call: Call
    name: str
    parent: "Node | None" = None
    children: list["Node"] = field(default_factory=list)
    below: Counter[str] = field(default_factory=Counter)

    def walk(self) -> Iterator["Node"]:
        """This node and all below, parents first."""
        todo = [self]
        while todo:
            one = todo.pop()
            yield one
            todo += reversed(one.children)


def name_of(symbol: str) -> str:
    """`Node.name` of a symbol."""
    entry = catalogue.find(symbol)
    return symbol.split(".", 1)[0] if entry is None else entry.name


def nodes(calls: Iterable[Call], wanted: Wanted) -> list[Node]:
    """The trees of `calls`; what is called by a function that is not wanted is its caller's then."""
    roots: list[Node] = []
    todo: list[tuple[Call, Node | None, int]] = [(call, None, 1) for call in reversed(list(calls))]
    while todo:
        call, parent, depth = todo.pop()
        kept = parent
        if wanted(call.function):
            node = Node(call, name_of(call.function), parent)
            (roots if parent is None else parent.children).append(node)
            if depth < DEEPEST:
                kept = node
        level = depth + (kept is not parent)
        todo += [(child, kept, level) for child in reversed(call.children)]
    for root in roots:
        _count(root)
    return roots


def _count(node: Node) -> None:
    for child in node.children:
        _count(child)
        node.below.update(child.below)
        node.below[child.name] += 1


def everything(trees: Sequence[Node]) -> Counter[str]:
    """How often each name is in the trees, in the order in which they are called."""
    return Counter(node.name for tree in trees for node in tree.walk())


def symbols(trees: Sequence[Node]) -> dict[str, str]:
    """The symbol of each name, as the first such call has it."""
    found: dict[str, str] = {}
    for tree in trees:
        for node in tree.walk():
            found.setdefault(node.name, node.call.function)
    return found
