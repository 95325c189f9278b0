"""The call forests of two connections, compared: laid over one another, and what follows from that."""

from collections.abc import Iterator, Sequence
from typing import NamedTuple

from synscope.connections.comparison import ComparedCall, Functions
from synscope.connections.model import Call, Context, SideName
from synscope.connections.nodes import Node, Wanted, everything, name_of, nodes, symbols
from synscope.connections.unify import Unified, unified

_PLACES: tuple[tuple[SideName, Context], ...] = (
    ("client", "process"),
    ("client", "softirq"),
    ("server", "process"),
    ("server", "softirq"),
)


class Compared(NamedTuple):
    """Both forests in one, and in short."""

    calls: tuple[ComparedCall, ...]
    functions: Functions | None


def compare_calls(a: Sequence[Call], b: Sequence[Call], wanted: Wanted, timed: bool) -> Compared:
    """Compare the functions that are wanted; `timed`: both forests' times are ns."""
    trees_a, trees_b = nodes(a, wanted), nodes(b, wanted)
    forest = unified((_at(place, trees_a), _at(place, trees_b)) for place in _PLACES)
    calls = tuple(_call(tree, timed) for tree in forest)
    return Compared(calls, _functions(forest, (trees_a, trees_b), _others(a, b, wanted)))


def walk(calls: Sequence[ComparedCall]) -> Iterator[ComparedCall]:
    """All of them, callers first."""
    todo = list(reversed(calls))
    while todo:
        call = todo.pop()
        yield call
        todo += reversed(call.children)


def _at(place: tuple[SideName, Context], trees: Sequence[Node]) -> list[Node]:
    return [tree for tree in trees if (tree.call.side, tree.call.context) == place]


def _call(one: Unified, timed: bool) -> ComparedCall:
    call = one.node.call
    old, new = (None if node is None else node.call for node in (one.a, one.b))
    rets = _errors(old, new)
    return ComparedCall(
        change=one.kind,
        function=call.function,
        side=call.side,
        context=call.context,
        evidence=call.evidence,
        was=old.function if old and new and old.function != new.function else None,
        other=one.other or None,
        a_ns=_duration(old) if timed else None,
        b_ns=_duration(new) if timed else None,
        a_ret=rets[0],
        b_ret=rets[1],
        children=tuple(_call(child, timed) for child in one.children),
    )


def _duration(call: Call | None) -> int | None:
    if call is None or call.enter_ns is None or call.exit_ns is None:
        return None
    return call.exit_ns - call.enter_ns


def _errors(old: Call | None, new: Call | None) -> tuple[str | None, str | None]:
    """What both returned, where one of the two is an error (`-ECONNREFUSED`): other values say nothing."""
    if old is None or new is None or old.ret == new.ret:
        return None, None
    is_error = any(ret is not None and ret.startswith("-E") for ret in (old.ret, new.ret))
    return (old.ret, new.ret) if is_error else (None, None)


def _functions(
    forest: Sequence[Unified], trees: tuple[Sequence[Node], Sequence[Node]], others: tuple[int, int, int]
) -> Functions:
    a, b = (everything(of) for of in trees)
    of_a, of_b = (symbols(of) for of in trees)
    each = [one for tree in forest for one in tree.walk()]
    return Functions(
        only_a=tuple(of_a[name] for name in a if name not in b),
        only_b=tuple(of_b[name] for name in b if name not in a),
        renamed=tuple(dict.fromkeys(_renamed(each))),
        moved=tuple((one.node.call.function, one.other, one.caller) for one in each if one.kind == "moved"),
        reordered=tuple((one.node.call.function, one.caller) for one in each if one.kind == "reordered"),
        counts=tuple((of_b[name], a[name], b[name]) for name in a if name in b and a[name] != b[name]),
        others_same=others[0],
        others_a=others[1],
        others_b=others[2],
    )


def _renamed(each: Sequence[Unified]) -> Iterator[tuple[str, str]]:
    for one in each:
        if one.a and one.b and one.a.call.function != one.b.call.function:
            yield one.a.call.function, one.b.call.function


def _others(a: Sequence[Call], b: Sequence[Call], wanted: Wanted) -> tuple[int, int, int]:
    """How many functions that are not wanted are in both, in `a` only, in `b` only."""
    mine, yours = ({name_of(name) for name in _names(calls) if not wanted(name)} for calls in (a, b))
    return len(mine & yours), len(mine - yours), len(yours - mine)


def _names(calls: Sequence[Call]) -> set[str]:
    found = set()
    todo = list(calls)
    while todo:
        call = todo.pop()
        found.add(call.function)
        todo += call.children
    return found
