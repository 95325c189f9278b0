"""Calls from blocks: what was entered, by a call or by a jump, and when it was left.

Each stack of the log is followed by itself. A function's frame begins where the stack pointer is when it is
entered (its return address is there) and is left when the stack pointer is above that. A jump to another
function leaves the pointer where it is: both return at once, to the first one's caller.
"""

import re
from dataclasses import dataclass, field
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from synscope.events.trace import Rows
from synscope.events.wire import FUNCTION_CALL, CallFlag
from synscope.kernel.symbols import Symbols
from synscope.lab.execlog import REGISTERS, Ending, register
from synscope.lab.ranges import SOFTIRQ

_ARGUMENTS = [REGISTERS.index(name) for name in ("rdi", "rsi", "rdx", "rcx", "r8", "r9")]
_COLD = re.compile(r"\.cold(\.\d+)?$")  # a part of its function that gcc moved away
# arch/x86/lib/retpoline.S: a jump through a register, and a return
_THUNK = "x86_indirect_"
_RETURN = "return_thunk"
_RETURNED, _TAIL, _SOFTIRQ = (int(flag) for flag in (CallFlag.RETURNED, CallFlag.TAIL, CallFlag.SOFTIRQ))
_STACK_BITS = 14  # THREAD_SIZE, IRQ_STACK_SIZE: 16 KiB
_WORD = 8

Places = npt.NDArray[np.int64]

OUTSIDE = -1
"""Parent of a call that was made from text that is not logged, in no call that was."""


class Calls(NamedTuple):
    """The calls of a log in the order in which they were entered.

    Attributes:
        rows: `FUNCTION_CALL`; `enter` and `exit` count the moments at which calls were entered or had been
            left, from 1. A call with `exit` but without `RETURNED` returned to text that is not logged: its
            return value was not seen. Both are 0 where it was not left.
        names: of the functions that `rows["function"]` counts.
        stack: the stack that each call ran on, numbered from 0.
        cr3: the page table that it was entered with. A user thread is told by both.
        parent: the call that it was made in, or `OUTSIDE`.
    """

    rows: Rows
    names: list[str]
    stack: npt.NDArray[np.int64]
    cr3: npt.NDArray[np.uint64]
    parent: npt.NDArray[np.int64]


def calls_of(blocks: Rows, symbols: Symbols) -> Calls:
    """The calls of `execlog.BLOCK` rows."""
    blocks, stacks = _once(blocks)
    pc = register(blocks, "rip")
    names, functions, starts = _functions(pc, symbols)
    softirq = {number for number, name in enumerate(names) if name in SOFTIRQ}
    following = _Following(softirq)
    places = np.arange(len(blocks))
    columns = (places, stacks, functions, starts, pc, register(blocks, "rsp"), register(blocks, "rax"))
    endings = (*_endings(blocks, symbols), blocks["epilogue"])
    for block in map(_Block._make, zip(*(column.tolist() for column in (*columns, *endings)), strict=True)):
        following.enter(block)
    following.end(len(blocks))
    entered = np.array(following.blocks, np.int64)
    rows = np.zeros(len(entered), FUNCTION_CALL)
    rows["enter"], rows["exit"] = _moments(entered, np.array(following.exits, np.int64))
    rows["flags"] = following.flags
    rows["ret"] = np.array(following.values, np.uint64).view(np.int64)
    rows["args"] = blocks["registers"][entered][:, _ARGUMENTS]
    rows["function"], rows["cpu"] = functions[entered], blocks["cpu"][entered]
    return Calls(rows, names, stacks[entered], blocks["cr3"][entered], np.array(following.parents, np.int64))


def _moments(entered: Places, left: Places) -> tuple[Places, Places]:
    """Places in the log as numbers of moments, without gaps; `left`: twice a place, 0 stays 0.

    What entered nothing and left nothing must not count: QEMU ends a block early where -icount's budget ends,
    and when that is taken anew depends on the host.
    """
    enters = 2 * entered + 1
    moments = np.unique(np.concatenate([[0], enters, left]))
    return np.searchsorted(moments, enters), np.searchsorted(moments, left)


def _once(blocks: Rows) -> tuple[Rows, Places]:
    """The blocks that ran, and the stack of each.

    An interrupt leaves a block where it begins: it is logged again, with the same registers, when its stack
    goes on. Stacks lie apart (a guard page is between them) and need not begin at a multiple of their size.
    """
    areas, area = np.unique(register(blocks, "rsp") >> np.uint64(_STACK_BITS), return_inverse=True)
    stacks = np.append(0, np.cumsum(np.diff(areas) > 1))[area] if len(areas) else area
    order = np.argsort(stacks, kind="stable")
    registers, on = blocks["registers"][order], stacks[order]
    again = (registers[1:] == registers[:-1]).all(axis=1) & (on[1:] == on[:-1])
    kept = np.ones(len(blocks), bool)
    kept[order[1:][again]] = False
    return blocks[kept], stacks[kept]


def _functions(
    pc: npt.NDArray[np.uint64], symbols: Symbols
) -> tuple[list[str], Places, npt.NDArray[np.bool_]]:
    """Names of functions, the function of each block, and whether the block is where that begins."""
    distinct, inverse = np.unique(pc, return_inverse=True)
    parts = [symbol.split(" ")[0].partition("+") for symbol in symbols.many(distinct)]
    plain = [_COLD.sub("", name) for name, _, _ in parts]
    numbers = {name: number for number, name in enumerate(dict.fromkeys(plain))}
    starts = [
        offset == "0x0" and name == short for (name, _, offset), short in zip(parts, plain, strict=True)
    ]
    function = np.array([numbers[name] for name in plain], np.int64)
    return list(numbers), function[inverse], np.array(starts, bool)[inverse]


def _endings(blocks: Rows, symbols: Symbols) -> tuple[Places, npt.NDArray[np.uint64]]:
    """Ending and target, with the thunks, which are not logged, as what they stand for."""
    endings, targets = blocks["ending"].astype(np.int64), blocks["target"].copy()
    outside = np.flatnonzero(~np.isin(targets, register(blocks, "rip")))
    names = symbols.many(targets[outside])
    endings[outside[np.array([_RETURN in name for name in names], bool)]] = Ending.RETURN
    targets[outside[np.array([_THUNK in name for name in names], bool)]] = 0
    return endings, targets


class _Block(NamedTuple):
    place: int
    stack: int
    function: int
    start: bool
    pc: int
    rsp: int
    rax: int
    ending: int
    target: int
    epilogue: bool


class _Frame(NamedTuple):
    """Of a call that was not left. `inside`: it was called by text that is logged."""

    call: int
    function: int
    rsp: int
    softirq: bool
    inside: bool


@dataclass
class _Stack:
    frames: list[_Frame] = field(default_factory=list)
    last: _Block | None = None


class _Following:
    """The calls so far, as columns."""

    def __init__(self, softirq: set[int]) -> None:
        """`softirq`: the functions that run softirqs."""
        self._softirq = softirq
        self._stacks: dict[int, _Stack] = {}
        self.blocks: list[int] = []
        self.exits: list[int] = []
        self.values: list[int] = []
        self.flags: list[int] = []
        self.parents: list[int] = []

    def enter(self, block: _Block) -> None:
        """The next block."""
        stack = self._stacks.setdefault(block.stack, _Stack())
        left = block.rsp - _WORD
        if block.start and _has_ended(stack, block):
            left = max(left, stack.frames[-1].rsp)
        returning = stack.frames[-1].rsp if stack.frames else 0
        while stack.frames and stack.frames[-1].rsp <= left:
            frame = stack.frames.pop()
            self.exits[frame.call] = 2 * block.place
            if frame.rsp == left and not block.start:
                self._returned(frame, block.rax)
            elif frame.rsp == returning and stack.last and stack.last.epilogue:
                self._returned(frame, stack.last.rax)
        if block.start:
            self._call(stack, block)
        stack.last = block

    def end(self, place: int) -> None:
        """The end of the log, which has so many blocks."""
        for stack in self._stacks.values():
            if stack.frames and stack.last and stack.last.ending == Ending.RETURN:
                last = stack.frames[-1].rsp
                while stack.frames and stack.frames[-1].rsp == last:
                    self.exits[stack.frames.pop().call] = 2 * place

    def _returned(self, frame: _Frame, value: int) -> None:
        self.values[frame.call] = value
        self.flags[frame.call] |= _RETURNED

    def _call(self, stack: _Stack, block: _Block) -> None:
        outer = stack.frames[-1] if stack.frames else None
        jumped = outer is not None and outer.rsp == block.rsp
        if jumped and outer and outer.function == block.function:
            return  # a loop to the function's own start
        softirq = block.function in self._softirq or bool(outer and outer.softirq)
        inside = outer.inside if jumped and outer else _is_called(block, stack.last)
        stack.frames.append(_Frame(len(self.blocks), block.function, block.rsp, softirq, inside))
        self.blocks.append(block.place)
        self.exits.append(0)
        self.values.append(0)
        self.flags.append(_TAIL * jumped | _SOFTIRQ * softirq)
        self.parents.append(outer.call if outer else OUTSIDE)


def _is_called(block: _Block, last: _Block | None) -> bool:
    """Whether the last block called this one, not something that is not logged and called it in its turn.

    Of a call through a register the stack pointer tells, where the last block did not move it.
    """
    if last is None or last.ending != Ending.CALL:
        return False
    return last.target == block.pc or (not last.target and (last.start or last.rsp - _WORD == block.rsp))


def _has_ended(stack: _Stack, block: _Block) -> bool:
    """Whether the innermost function had been left when another was entered: text in between is not logged.

    One that jumped there may go on in what it jumped to. Where its caller is logged its return would be too;
    but what it jumped to does not jump back to it.
    """
    last = stack.last
    if not stack.frames or last is None:
        return False
    if last.ending == Ending.JUMP and last.target not in (0, block.pc):
        innermost = stack.frames[-1]
        return not innermost.inside or (innermost.rsp, innermost.function) == (block.rsp, block.function)
    return last.ending == Ending.RETURN
