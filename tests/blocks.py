"""Rows as QEMU's log would give them, for tests: a processor that calls, jumps and returns.

    cpu = Cpu()
    cpu.call("outer"); cpu.call("inner"); cpu.ret(7)     inner() returned 7
    cpu.within("inner", ret=7)                           the last two in one
    cpu.rows(), cpu.symbols()                            execlog.BLOCK rows, and their symbols
    cpu.log()                                            the same rows as QEMU writes them

Functions whose name begins with `-` are not logged. What ends a block is set when the next one is entered.
"""

from typing import NamedTuple

import numpy as np

from synscope.events.trace import Rows
from synscope.kernel.symbols import Symbols
from synscope.lab.execlog import BLOCK, REGISTERS, Ending

TEXT = 0xFFFFFFFF81000000
SIZE = 0x1000  # of a function
FRAME = 0x30  # bytes that a function takes of the stack once it has been entered
TASK, OTHER_TASK, IRQ = 0xFFA0000000013F00, 0xFFA000000001BF00, 0xFFA0000000003F00
_ARGUMENTS = [REGISTERS.index(name) for name in ("rdi", "rsi", "rdx", "rcx", "r8", "r9")]
_RSP, _RAX, _RIP = (REGISTERS.index(name) for name in ("rsp", "rax", "rip"))


class _Frame(NamedTuple):
    name: str
    rsp: int


class Cpu:
    """One processor, on the stack TASK."""

    def __init__(self) -> None:
        self._functions: dict[str, int] = {}
        self._blocks: list[np.void] = []
        self._frames: dict[int, list[_Frame]] = {}
        self._last: dict[int, np.void | None] = {}
        self._ticks = 0
        self.on(TASK)

    def on(self, stack: int) -> None:
        """Go on on another stack."""
        self._stack = stack
        self._frames.setdefault(stack, [])

    def call(self, name: str, *arguments: int) -> None:
        """Whatever ran last on this stack calls `name`."""
        self._ended(Ending.CALL, name)
        frame = _Frame(name, self._body() - 8)
        self._frames[self._stack].append(frame)
        self._enter(name, frame.rsp, arguments=arguments)

    def jump(self, name: str, *arguments: int) -> None:
        """It jumps there, after it has restored the stack pointer."""
        self._ended(Ending.JUMP, name)
        frames = self._frames[self._stack]
        frames[-1] = _Frame(name, frames[-1].rsp)
        self._enter(name, frames[-1].rsp, arguments=arguments)

    def ret(self, rax: int = 0) -> None:
        """It returns to its caller, with a value."""
        self._ended(Ending.RETURN)
        frames = self._frames[self._stack]
        rsp = frames.pop().rsp + 8
        self._enter(frames[-1].name if frames else "-entry", rsp, 0x20, rax)

    def within(self, name: str, *arguments: int, ret: int = 0) -> None:
        """It calls `name`, which returns."""
        self.call(name, *arguments)
        self.ret(ret)

    def inside(self, name: str, rax: int = 0, epilogue: bool = False) -> None:
        """A block of `name` that is not its first."""
        self._enter(name, self._body(), 0x40, rax)
        self._blocks[-1]["epilogue"] = epilogue

    def again(self) -> None:
        """This stack's last block is logged once more: an interrupt had left it where it begins."""
        last = self._last[self._stack]
        assert last is not None
        self._blocks.append(last.copy())

    def rows(self) -> Rows:
        return np.array(self._blocks, BLOCK)

    def log(self) -> bytes:
        return b"".join(map(_written, self._blocks))

    def symbols(self) -> Symbols:
        """Of the functions that were named."""
        lines = [f"{at:016x} T {name}\n" for name, at in self._functions.items()]
        end = TEXT + SIZE * (1 + len(self._functions))
        return Symbols("".join([*lines, f"{end:016x} T _etext\n"]).encode())

    def _address(self, name: str) -> int:
        return self._functions.setdefault(name, TEXT + SIZE * (1 + len(self._functions)))

    def _body(self) -> int:
        frames = self._frames[self._stack]
        return frames[-1].rsp - FRAME if frames else self._stack

    def _ended(self, ending: Ending, target: str = "") -> None:
        last = self._last.get(self._stack)
        if last is not None:
            last["ending"], last["target"] = ending, self._address(target) if target else 0

    def _enter(
        self, name: str, rsp: int, offset: int = 0, rax: int = 0, arguments: tuple[int, ...] = ()
    ) -> None:
        """The other registers are like no other block's."""
        address = self._address(name)
        self._last[self._stack] = None
        if name.startswith("-"):
            return
        self._ticks += 1
        row = np.zeros(1, BLOCK)[0]
        row["registers"] = self._ticks
        row["registers"][[_RSP, _RAX, _RIP]] = rsp, rax, address + offset
        row["registers"][_ARGUMENTS[: len(arguments)]] = arguments
        self._blocks.append(row)
        self._last[self._stack] = row


_INSTRUCTIONS = {
    Ending.OTHER: "90                       nop      ",
    Ending.CALL: "e8 00 00 00 00           callq    ",
    Ending.JUMP: "e9 00 00 00 00           jmp      ",
    Ending.RETURN: "c3                       retq     ",
}
_SAVED = "55                       pushq    %rbp"
_REST = """RFL=00000246 [---Z-P-] CPL=0 II=0 A20=1 SMM=0 HLT=0
CR0=80050033 CR2=0000000000000000 CR3={cr3:016x} CR4=00751eb0
EFER=0000000000000d01
"""


def _written(row: np.void) -> bytes:
    """Every block is translated anew; one that is no epilogue saves a register first."""
    registers = row["registers"].tolist()
    ending, target = Ending(row["ending"]), int(row["target"])
    lines = [] if row["epilogue"] else [_SAVED]
    lines.append(_INSTRUCTIONS[ending] + (f"{target:#x}" if target else ""))
    text = "".join(f"{registers[-1] + at:#018x}:  {line}\n" for at, line in enumerate(lines))
    values = [f"{name.upper():3}={value:016x}" for name, value in zip(REGISTERS, registers, strict=True)]
    shown = "\n".join(" ".join(values[at : at + 4]) for at in range(0, 16, 4))
    head = f"Trace {row['cpu']}: 0x7f00 [0000000000000000/{registers[-1]:016x}/18c0c2b0/ff020200] \n"
    rest = _REST.format(cr3=int(row["cr3"]))
    return f"----------------\nIN: \n{text}\n{head}{shown}\n{values[-1]} {rest}".encode()
