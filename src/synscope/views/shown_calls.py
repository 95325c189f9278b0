"""What of a forest of calls is drawn: of very many those that the catalogue has, and a run of equals once."""

from __future__ import annotations

from collections.abc import Hashable, Iterable, Iterator, Sequence
from typing import NamedTuple

from synscope.connections.model import Call
from synscope.tcp import catalogue

MANY = 200
"""Traced calls of one connection above which only those of catalogued functions are drawn."""


class Shown(NamedTuple):
    """A call as it is drawn.

    Attributes:
        times: how many calls in a row were equal but for their times; `call` is the first of them.
        took_ns: how long they took together; None where that is not known.
        children: those of `call`; at the end of the tuple the last in time.
    """

    call: Call
    times: int
    took_ns: int | None
    children: tuple[Shown, ...]


class Forest(NamedTuple):
    """Trees to draw, and how many calls are in none of them."""

    trees: tuple[Shown, ...]
    hidden: int


def forest(calls: Sequence[Call], *, every: bool = False) -> Forest:
    """The trees of `calls`; without `every`, of more than `MANY` traced ones only some, and their callers.

    A call is worth drawing if its function is catalogued, or if something was seen to happen in it.
    """
    ordered = list(_parents_first(calls))
    chosen = _worth(ordered) if _are_many(ordered) and not every else None
    keys: dict[Hashable, int] = {}
    made: dict[int, tuple[Shown, int]] = {}
    for call in reversed(ordered):
        if chosen is None or id(call) in chosen:
            children = _folded([made[id(child)] for child in call.children if id(child) in made])
            key = (*_face(call), tuple((child.times, number) for child, number in children))
            shown = Shown(call, 1, _took(call), tuple(child for child, _ in children))
            made[id(call)] = shown, keys.setdefault(key, len(keys))
    trees = _folded([made[id(call)] for call in calls if id(call) in made])
    return Forest(tuple(tree for tree, _ in trees), len(ordered) - len(made))


def are_many(calls: Sequence[Call]) -> bool:
    """Whether there are more traced calls than are all drawn."""
    return _are_many(_parents_first(calls))


def _are_many(ordered: Iterable[Call]) -> bool:
    return sum(map(is_traced, ordered)) > MANY


def _parents_first(calls: Sequence[Call]) -> Iterator[Call]:
    """A loop, not recursion: a file may nest deeper than Python does."""
    waiting = list(reversed(calls))
    while waiting:
        call = waiting.pop()
        yield call
        waiting += reversed(call.children)


def _worth(ordered: Sequence[Call]) -> set[int]:
    found: set[int] = set()
    for call in reversed(ordered):
        named = call.marks or call.evidence == "effect" or catalogue.find(call.function)
        if named or any(id(child) in found for child in call.children):
            found.add(id(call))
    return found


def _folded(calls: Sequence[tuple[Shown, int]]) -> list[tuple[Shown, int]]:
    """Runs of equal calls as one each."""
    found: list[tuple[Shown, int]] = []
    for shown, number in calls:
        if found and found[-1][1] == number:
            before, _ = found[-1]
            took = None if before.took_ns is None or shown.took_ns is None else before.took_ns + shown.took_ns
            found[-1] = before._replace(times=before.times + shown.times, took_ns=took), number
        else:
            found.append((shown, number))
    return found


def is_traced(call: Call) -> bool:
    """Whether the call was traced by itself, with its arguments."""
    return call.args is not None


def _took(call: Call) -> int | None:
    return None if call.enter_ns is None or call.exit_ns is None else call.exit_ns - call.enter_ns


def _face(call: Call) -> tuple[Hashable, ...]:
    """What is drawn of a call by itself, but for its times."""
    return call.function, call.evidence, call.marks, tuple(arguments(call).items()), result(call)


def arguments(call: Call) -> dict[str, str]:
    """The arguments that are drawn: of a catalogued function those that the catalogue names, else all."""
    if not call.args:
        return {}
    entry = catalogue.find(call.function)
    wanted = call.args if entry is None else entry.arguments
    return {name: call.args[name] for name in wanted if name in call.args}


def result(call: Call) -> str | None:
    """The return value that is drawn: addresses, which differ from run to run, are not."""
    return None if call.ret is None or call.ret.startswith("0x") else call.ret
