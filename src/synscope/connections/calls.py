"""The call forest of a connection: what its stacks show, merged into one tree per side and context."""

from collections.abc import Iterable, Sequence
from functools import lru_cache
from operator import attrgetter

import msgspec

from synscope.connections.model import Call, SideName
from synscope.connections.stacks import Path
from synscope.connections.trees import Entered, Seen, Tree, grown
from synscope.connections.unseen import Additions


class Sighting(msgspec.Struct, frozen=True, kw_only=True):
    """Something was seen to happen at the end of a path: `mark`, if any, goes to the innermost function."""

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

    @property
    def succeeded(self) -> bool:
        """Whether it returned what is no error."""
        return self.ret is not None and not self.ret.startswith("-")


_NOTHING = Additions()


def call_forest(
    sightings: Iterable[Sighting],
    calls: Iterable[SystemCall] = (),
    client: Additions = _NOTHING,
    server: Additions = _NOTHING,
) -> tuple[Call, ...]:
    """One tree per side, context and root; siblings of one function are one node, in order of first time.

    A system call gives its root the times of entry and exit, and is a root of its own (evidence
    `probe`) where no stack was taken in it. `client` and `server`: what each side called unseen.
    """
    ordered = sorted(sightings, key=attrgetter("t_ns"))
    entered: dict[Entered, SystemCall] = {}
    known: set[tuple[SideName, str]] = set()
    for call in calls:
        if (call.side, call.function) not in known:
            known.add((call.side, call.function))
            entered[call.side, call.function, call.succeeded] = call
    seen = tuple((one.side, one.path, one.mark) for one in ordered)
    times = [one.t_ns for one in ordered]
    trees = _trees(seen, tuple(entered), client, server)
    roots = [_root(tree, times, None if tree.entered is None else entered[tree.entered]) for tree in trees]
    return tuple(sorted(roots, key=attrgetter("seen_ns")))


@lru_cache(1024)
def _trees(
    seen: tuple[Seen, ...], entered: tuple[Entered, ...], client: Additions, server: Additions
) -> tuple[Tree, ...]:
    """Connections that took the same way have the same trees."""
    return grown(seen, entered, {"client": client, "server": server})


def _root(tree: Tree, times: Sequence[int], entered: SystemCall | None) -> Call:
    if entered is None:
        return _call(tree, times)
    if tree.first < 0:  # in no stack: all that is known is from the call's beginning on
        times = (entered.enter_ns,)
    return msgspec.structs.replace(
        _call(tree, times),
        seen_ns=min(times[tree.first], entered.enter_ns),
        enter_ns=entered.enter_ns,
        exit_ns=entered.exit_ns,
        ret=entered.ret,
    )


def _call(tree: Tree, times: Sequence[int]) -> Call:
    function, evidence, side, context, first, marks, children, _ = tree
    return Call(
        function=function,
        evidence=evidence,
        side=side,
        context=context,
        seen_ns=times[first],
        marks=marks,
        children=tuple([_call(child, times) for child in children]) if children else (),
    )
