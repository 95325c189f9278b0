"""The call tree beside the ladder: a line a call, with what the catalogue says of its function."""

from collections.abc import Iterator, Sequence
from functools import lru_cache
from typing import NamedTuple

from markupsafe import Markup, escape

from synscope.connections.model import Connection, Context
from synscope.tcp import catalogue
from synscope.text import clean
from synscope.views.call_lines import Line, Tree, meanings, sign
from synscope.views.facts import SIDES, half_of
from synscope.views.ladder_svg_marks import keys_of, marks, places
from synscope.views.lines import owner
from synscope.views.shown_calls import Shown, arguments, forest, is_traced, result
from synscope.views.style import Style

_DEEPEST = 100  # levels that are nested; what a (foreign) file nests deeper stands beside its parent


class Row(NamedTuple):
    """A call as it is shown.

    Attributes:
        parent: whether a list of the calls in it follows; `closes`: how many lists end after it.
        keys: the moments of the ladder that happened in it; `anchors`: those that none before it has.
        mark: the key that leads to the ladder; "" where the ladder does not have it.
    """

    function: Markup
    sign: str
    signature: str
    times: int
    marks: tuple[str, ...]
    at: str
    took: str
    keys: tuple[str, ...]
    anchors: tuple[str, ...]
    mark: str
    does: Markup
    source: Markup
    parent: bool
    closes: int


class Links(NamedTuple):
    """Keys that the ladder has, and those that a call has been found for."""

    marks: set[str]
    found: set[str]

    def new(self, keys: Sequence[str]) -> tuple[str, ...]:
        """Those of `keys` that no call has had yet."""
        fresh = tuple(key for key in keys if key not in self.found)
        self.found.update(fresh)
        return fresh


class Branch(NamedTuple):
    """The calls of one side in one context, or none."""

    side: str
    context: str
    owner: str
    rows: tuple[Row, ...]


class CallTree(NamedTuple):
    """All calls; `hidden` were of functions less telling; `meanings` are of the signs that were used."""

    branches: tuple[Branch, ...]
    hidden: int
    meanings: tuple[str, ...]


def call_tree(connection: Connection, style: Style) -> CallTree | None:
    """The connection's; None where no stack was kept."""
    if not connection.calls:
        return None
    shown, hidden = forest(connection.calls)
    lines = [Line(step.shown, "", "", step.depth) for step in _walk(shown)]
    tree = Tree.of(connection, lines, style)
    links = Links({mark.key for mark in marks(connection, places(connection), style)}, set())
    contexts: tuple[Context, ...] = ("process", "softirq")
    branches = []
    for side in SIDES:
        for context in contexts:
            roots = [one for one in shown if (one.call.side, one.call.context) == (side, context)]
            name = owner(half_of(connection, side), style) if context == "process" else ""
            rows = tuple(_row(step, tree, links) for step in _walk(roots))
            branches.append(Branch(side, context, name, rows))
    told = tuple(text.plain for text in meanings(lines, tree))
    return CallTree(tuple(branches), hidden, told)


class _Step(NamedTuple):
    """A call on the way through a tree; `closes` counts the lists that end when it is over."""

    shown: Shown
    depth: int
    closes: int

    @property
    def nests(self) -> bool:
        return bool(self.shown.children) and self.depth < _DEEPEST


def _walk(roots: Sequence[Shown]) -> Iterator[_Step]:
    """Every call, parents first."""
    waiting = [_Step(one, 1, 0) for one in reversed(roots)]
    while waiting:
        step = waiting.pop()
        children = step.shown.children
        yield step._replace(closes=0) if children else step
        last = step.closes + step.nests
        depth = step.depth + step.nests
        waiting += [_Step(one, depth, 0 if at else last) for at, one in enumerate(reversed(children))]


def _row(step: _Step, tree: Tree, links: Links) -> Row:
    shown = step.shown
    call, style = shown.call, tree.style
    told = call.marks or call.ret is not None
    at = style.relative(call.seen_ns - tree.zero_ns) if told and call.seen_ns is not None else ""
    timed = tree.timed or call.ret is not None
    keys = tuple(dict.fromkeys(keys_of(call)))
    function = _function(call.function)
    return Row(
        function=function.name,
        sign=sign(call.evidence, tree),
        signature=style.clean(_signature(shown)),
        times=shown.times,
        marks=tuple(style.clean(mark) for mark in call.marks),
        at=at,
        took=style.duration(shown.took_ns) if timed and shown.took_ns is not None else "",
        keys=keys,
        anchors=links.new(keys),
        mark=next((key for key in keys if key in links.marks), ""),
        does=function.does,
        source=function.source,
        parent=step.nests,
        closes=step.closes,
    )


class _Function(NamedTuple):
    """A function's name, and what the catalogue says of it: escaped once, for it is called often."""

    name: Markup
    does: Markup
    source: Markup


@lru_cache(4096)
def _function(symbol: str) -> _Function:
    entry = catalogue.find(symbol)
    told = ("", "") if entry is None else (entry.does, entry.source)
    return _Function(*(escape(clean(text)) for text in (symbol, *told)))


def _signature(shown: Shown) -> str:
    """`(state=SYN_SENT) = 0` of a traced call; of a system call, what it returned."""
    call = shown.call
    value = call.ret if not is_traced(call) else result(call)
    given = ", ".join(f"{name}={text}" for name, text in arguments(call).items())
    return (f"({given})" if given else "") + ("" if value is None else f" = {value}")
