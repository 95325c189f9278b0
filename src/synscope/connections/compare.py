"""Two connections beside each other: what the second has that the first has not, and the reverse.

Which way a connection went is compared: outcome, errors, findings, milestones, states, segments, phases,
functions. How long it took is told, and is no difference.
"""

from collections.abc import Callable, Iterator, Sequence
from difflib import SequenceMatcher

from synscope.connections.call_comparison import Compared, compare_calls
from synscope.connections.comparison import Comparison, Fact, Lasted, Step
from synscope.connections.model import Connection, Half, SideName
from synscope.connections.nodes import Wanted, name_of

_SIDES: tuple[SideName, SideName] = ("client", "server")

Pair = tuple[Connection | None, Connection | None]


def compare(a: Connection, b: Connection, wanted: Wanted, timed: bool) -> Comparison:
    """Compare two connections; `wanted` functions only; `timed`: durations of both are in ns."""
    calls = compare_calls(a.calls, b.calls, wanted, timed) if a.calls and b.calls else Compared((), None)
    facts = tuple(_facts(a, b))
    findings = [tuple(finding.code for finding in one.findings) for one in (a, b)]
    states = _states_by if _is_told_by(a) and _is_told_by(b) else _states
    steps = [tuple(_steps(a, b, words)) for words in (_milestones, states, _segments)]
    phases = tuple(_phases(a, b, timed))
    same = (
        all(fact.a == fact.b for fact in facts)
        and findings[0] == findings[1]
        and all(None not in (step.a, step.b) for sequence in steps for step in sequence)
        and all(phase.in_a and phase.in_b for phase in phases)
        and (calls.functions.are_alike if calls.functions else a.calls == b.calls)
    )
    return Comparison(
        a=a.id,
        b=b.id,
        same=same,
        facts=facts,
        findings_a=findings[0],
        findings_b=findings[1],
        milestones=steps[0],
        states=steps[1],
        segments=steps[2],
        phases=phases,
        functions=calls.functions,
        calls=calls.calls,
    )


def pairs(a: Sequence[Connection], b: Sequence[Connection]) -> list[Pair]:
    """Connections of two traces in order: like with like, what lies between one by one, the rest alone."""
    found: list[Pair] = []
    matcher = SequenceMatcher(None, [_kind(one) for one in a], [_kind(one) for one in b], autojunk=False)
    for _, start, stop, begin, end in matcher.get_opcodes():
        both = min(stop - start, end - begin)
        found += zip(a[start : start + both], b[begin : begin + both], strict=True)
        found += [(one, None) for one in a[start + both : stop]]
        found += [(None, one) for one in b[begin + both : end]]
    return found


def alone(a: Connection | None, b: Connection | None) -> Comparison:
    """A connection that the other trace has no counterpart of."""
    return Comparison(a=None if a is None else a.id, b=None if b is None else b.id, same=False)


def _kind(one: Connection) -> tuple[object, ...]:
    return one.outcome, one.errno, one.family, one.mapped, one.client is None, one.server is None


def _facts(a: Connection, b: Connection) -> Iterator[Fact]:
    yield Fact("outcome", a.outcome, b.outcome)
    yield Fact("errno", a.errno, b.errno)
    yield Fact("family", *(f"{one.family}, mapped" if one.mapped else one.family for one in (a, b)))
    for side in _SIDES:
        mine, yours = _half(a, side), _half(b, side)
        yield Fact(f"{side} seen", *("no" if half is None else "yes" for half in (mine, yours)))
        if mine is not None and yours is not None:
            yield Fact(f"{side} retransmits", str(mine.retransmits), str(yours.retransmits))


def _half(connection: Connection, side: SideName) -> Half | None:
    return connection.client if side == "client" else connection.server


Words = Callable[[Connection, SideName], list[tuple[str, str]]]
"""What there is of one side, in order: as it is compared, and as it is told."""


def _milestones(connection: Connection, side: SideName) -> list[tuple[str, str]]:
    return [(mark.name, mark.name) for mark in connection.milestones if mark.side == side]


def _is_told_by(connection: Connection) -> bool:
    """Whether the functions that changed states are known: in record detail no stack is taken."""
    return any(change.by for change in connection.transitions)


def _states_by(connection: Connection, side: SideName) -> list[tuple[str, str]]:
    """`CLOSE → SYN_SENT by tcp_v4_connect`: the same where the catalogue knows the function by both names."""
    found = []
    for change in connection.transitions:
        if change.side == side:
            states = f"{change.source} → {change.target}"
            by = change.by or "?"
            found.append((f"{states} by {name_of(by)}", f"{states} by {by}"))
    return found


def _states(connection: Connection, side: SideName) -> list[tuple[str, str]]:
    changes = [change for change in connection.transitions if change.side == side]
    return [(f"{change.source} → {change.target}",) * 2 for change in changes]


def _segments(connection: Connection, side: SideName) -> list[tuple[str, str]]:
    """`S`, `S again`, `S dropped`: what the side sent."""
    found = []
    for one in connection.segments:
        if one.source == side:
            words = one.flags + " again" * one.retransmission
            words += "" if one.dropped is None else f" dropped: {one.dropped.split(' ', 1)[0]}"
            found.append((words, words))
    return found


def _steps(a: Connection, b: Connection, words: Words) -> Iterator[Step]:
    for side in _SIDES:
        mine, yours = words(a, side), words(b, side)
        matcher = SequenceMatcher(None, [key for key, _ in mine], [key for key, _ in yours], autojunk=False)
        for what, start, stop, begin, end in matcher.get_opcodes():
            left, right = mine[start:stop], yours[begin:end]
            if what == "equal":
                both = zip(left, right, strict=True)
                yield from (Step(side, told, other) for (_, told), (_, other) in both)
            else:
                yield from (Step(side, told, None) for _, told in left)
                yield from (Step(side, None, told) for _, told in right)


def _phases(a: Connection, b: Connection, timed: bool) -> Iterator[Lasted]:
    """Those of both in `b`'s order; a phase is there once on a side."""
    for side in _SIDES:
        mine, yours = (
            {phase.name: phase.duration_ns for phase in one.phases if phase.side == side} for one in (a, b)
        )
        names = [*(name for name in mine if name not in yours), *yours]
        order = {name: at for at, name in enumerate(mine)} | {name: at for at, name in enumerate(yours)}
        for name in sorted(names, key=order.__getitem__):
            times = (mine.get(name), yours.get(name)) if timed else (None, None)
            yield Lasted(side, name, name in mine, name in yours, *times)
