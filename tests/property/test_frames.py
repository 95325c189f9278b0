"""Any program of calls, jumps and interrupts, as a log: the same calls come out of it, nested alike."""

from itertools import count
from math import inf
from typing import Any, NamedTuple

from hypothesis import given
from hypothesis import strategies as st

from blocks import IRQ, TASK, Cpu
from synscope.events.wire import CallFlag
from synscope.lab.execlog import blocks
from synscope.lab.frames import OUTSIDE, calls_of


class Program(NamedTuple):
    """A function: what it calls, in order, and what it jumps to in the end, in which it never comes back.

    `logged`: whether its text is. `softirq`: what runs in an interrupt before it calls anything. `frees`: it
    ends in a jump to a function that is not logged and calls nothing.
    """

    logged: bool
    calls: "list[Program]"
    jump: "Program | None"
    softirq: "list[Program]"
    frees: bool


def programs(inner: st.SearchStrategy[Program]) -> st.SearchStrategy[Program]:
    """Functions that are not logged call and are called, but do not jump: who returned would be open."""
    logged = st.builds(
        Program,
        st.just(True),
        st.lists(inner, max_size=3),
        st.none() | inner.filter(lambda one: one.logged),
        st.lists(inner, max_size=1),
        st.booleans(),
    )
    return logged | st.builds(
        Program, st.just(False), st.lists(inner, max_size=3), st.none(), st.just([]), st.just(False)
    )


LEAF = st.builds(Program, st.booleans(), st.just([]), st.none(), st.just([]), st.booleans())
PROGRAMS = st.recursive(LEAF, programs, max_leaves=12)


class Told(NamedTuple):
    """A call that is to come out: the number of the one it is made in, its value where that is seen."""

    name: str
    outer: int
    flags: int
    ret: int | None


class Run:
    """Programs run by a processor, and what they did."""

    def __init__(self) -> None:
        self.cpu = Cpu()
        self.told: list[Told] = []
        self._numbers = count(1)
        self._interrupted = False

    def call(self, program: Program, outer: int, caller_logged: bool, flags: int = 0) -> None:
        self._enter(program, outer, flags, jumped=False)
        value = next(self._numbers)
        numbers = self._body(program, outer, flags)
        self.cpu.ret(value)
        for number in numbers:
            if caller_logged:
                seen = self.told[number].flags | CallFlag.RETURNED
                self.told[number] = self.told[number]._replace(flags=seen, ret=value)

    def _enter(self, program: Program, outer: int, flags: int, jumped: bool) -> None:
        name = f"{'' if program.logged else '-'}f{next(self._numbers)}"
        (self.cpu.jump if jumped else self.cpu.call)(name)
        if program.logged:
            tail = CallFlag.TAIL if jumped else 0
            self.told.append(Told(name, outer, flags | tail, None))

    def _body(self, program: Program, outer: int, flags: int) -> list[int]:
        """The numbers of the calls that return together when this one does."""
        own = len(self.told) - 1 if program.logged else outer
        self._interrupt(program)
        for inner in program.calls:
            self.call(inner, own, program.logged, flags)
        if program.jump is None:
            if program.frees:
                self.cpu.jump("-free")
            return [own] if program.logged else []
        self._enter(program.jump, own, flags, jumped=True)
        return [own, *self._body(program.jump, own, flags)]

    def _interrupt(self, program: Program) -> None:
        """A softirq before the function's first block has run, which is logged again then."""
        if not program.softirq or self._interrupted:
            return
        self._interrupted = True
        self.cpu.on(IRQ)
        self.cpu.call("handle_softirqs")
        self.told.append(Told("handle_softirqs", OUTSIDE, CallFlag.SOFTIRQ, None))
        own = len(self.told) - 1
        for inner in program.softirq:
            self.call(inner, own, True, CallFlag.SOFTIRQ)
        self.cpu.ret()
        self.cpu.on(TASK)
        self.cpu.again()
        self._interrupted = False


@given(st.lists(PROGRAMS, max_size=4))
def test_what_ran_is_what_is_told(roots: list[Program]):
    run = Run()
    for root in roots:
        run.call(root, OUTSIDE, False)
    calls = calls_of(blocks(run.cpu.log()), run.cpu.symbols())
    names = [calls.names[row["function"]] for row in calls.rows]
    values = zip(calls.rows["flags"].tolist(), calls.rows["ret"].tolist(), strict=True)
    seen = [(flags, ret if flags & CallFlag.RETURNED else None) for flags, ret in values]
    found = [Told(*one, *rest) for *one, rest in zip(names, calls.parent.tolist(), seen, strict=True)]
    assert found == run.told


@given(st.lists(PROGRAMS, max_size=4))
def test_calls_lie_within_those_they_are_made_in(roots: list[Program]):
    run = Run()
    for root in roots:
        run.call(root, OUTSIDE, False)
    calls = calls_of(run.cpu.rows(), run.cpu.symbols())
    for row, parent in zip(calls.rows, calls.parent, strict=True):
        assert row["enter"] < left(row)
        if parent != OUTSIDE:
            outer = calls.rows[parent]
            assert outer["enter"] < row["enter"] < left(row) <= left(outer)


def left(row: Any) -> float:
    """Where a call was left; one that jumped out of the log at its end may have been or not."""
    return float(row["exit"]) or inf
