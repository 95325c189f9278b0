"""QEMU's execution log (`-d exec,nochain,cpu,in_asm`) as one row per block of instructions that was entered.

A block is a run of instructions that QEMU translates at once; it ends with the first that may go elsewhere.
`in_asm` writes it when it is translated, `exec` each time that it is entered, `cpu` the registers as they are
then. Formats: accel/tcg/cpu-exec.c (log_cpu_exec), target/i386/cpu-dump.c, disas/disas.c of QEMU.
"""

import re
from collections.abc import Iterator
from enum import IntEnum
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt

from synscope.errors import SynscopeError
from synscope.events.trace import Rows


class Ending(IntEnum):
    """The last instruction of a block."""

    OTHER = 0  # it goes on to what follows
    CALL = 1
    JUMP = 2  # conditional ones too
    RETURN = 3


REGISTERS = "rax rbx rcx rdx rsi rdi rbp rsp r8 r9 r10 r11 r12 r13 r14 r15 rip".split()  # noqa: SIM905
"""In the order of the log."""

BLOCK = np.dtype(
    [
        ("registers", "<u8", (len(REGISTERS),)),
        ("cr3", "<u8"),
        ("target", "<u8"),
        ("cpu", "<u2"),
        ("ending", "u1"),
        ("epilogue", "?"),
    ]
)
"""`registers`: on entry, in the order of `REGISTERS`. `target`: where `ending` goes to; 0: by a register or
memory, or it is a return. `epilogue`: it only restores what its function saved, and returns `rax`.
"""

# "Trace 0: 0x7f992c1c5900 [0000000000000000/ffffffff817821d0/18c0c2b0/ff020200] name"
_ENTERED = re.compile(rb"\nTrace (\d+): (\S+) [^\n]*\nRAX=")
_TRANSLATED = re.compile(rb"\nIN:[^\n]*\n(?:[^\n]+\n)*")
# "0xffffffff81b35956:  e8 05 48 67 ff           callq    0xffffffff811aa160"; what follows of a long
# instruction's bytes is on a line of its own, without words.
_INSTRUCTION = re.compile(rb"0x[0-9a-f]+: +(?:[0-9a-f]{2} )+ +([a-z]\w+) *(?:0x([0-9a-f]+)$)?", re.MULTILINE)
_EPILOGUE = re.compile(rb"retq?|leaveq?|pop\w* +%r(?!ax)\w+|add\w* +\S+ %rsp")
_FIELD = 21  # "RAX=0000000000000029 ", four of them a line
_DIGITS = 16
_BEFORE_CR3 = _FIELD * len(REGISTERS)
_LAST_LINE = b"\nEFER="
_LAST_INSTRUCTIONS = 200  # bytes: the last two lines


def blocks(log: bytes) -> Rows:
    """Rows of `BLOCK`, in the order of entry. What is cut off at the end of the log is left out.

    Raises:
        SynscopeError: there are blocks, but not their instructions.
    """
    entered = list(_ENTERED.finditer(log))
    while entered and log.find(_LAST_LINE, entered[-1].end()) < 0:
        entered.pop()
    rows = np.zeros(len(entered), BLOCK)
    if not entered:
        return rows
    at = np.array([found.end() for found in entered])
    data = np.frombuffer(log, np.uint8)
    fields = at[:, None] + np.arange(len(REGISTERS)) * _FIELD
    rows["registers"] = _hexadecimal(data, fields.reshape(-1)).reshape(fields.shape)
    places = [log.index(b"CR3=", start + _BEFORE_CR3) + len("CR3=") for start in at.tolist()]
    rows["cr3"] = _hexadecimal(data, np.array(places))
    rows["cpu"] = [int(found[1]) for found in entered]
    endings = list(_translated(log, entered))
    for name, column in zip(_Translation._fields, zip(*endings, strict=True), strict=True):
        rows[name] = column
    if not rows["ending"].any():
        why = "it shows no instructions: this QEMU was built without capstone"
        raise SynscopeError("cannot read QEMU's log", why, "sudo apt-get install qemu-system-x86")
    return rows


def register(rows: Rows, name: str) -> npt.NDArray[np.uint64]:
    """One register of each block."""
    column: npt.NDArray[np.uint64] = rows["registers"][:, REGISTERS.index(name)]
    return column


def _hexadecimal(data: npt.NDArray[np.uint8], at: npt.NDArray[np.int64]) -> npt.NDArray[Any]:
    """The numbers of 16 digits that start at `at`: '0' is 0x30 and 'a' 0x61, so bit 6 tells letters apart."""
    digits = data[at[:, None] + np.arange(_DIGITS)]
    nibbles = (digits & 15) + 9 * (digits >> 6)
    octets = np.ascontiguousarray(nibbles[:, 0::2] << 4 | nibbles[:, 1::2])
    return octets.view(">u8").reshape(-1)


class _Translation(NamedTuple):
    ending: Ending = Ending.OTHER
    target: int = 0
    epilogue: bool = False


def _translated(log: bytes, entered: list[re.Match[bytes]]) -> Iterator[_Translation]:
    """Of each block that was entered: it is translated just before it is entered first, at the latest."""
    known: dict[bytes, _Translation] = {}
    texts = _TRANSLATED.finditer(log)
    following = next(texts, None)
    for block in entered:
        while following is not None and following.start() < block.start():
            new, following = following, next(texts, None)
            if following is None or following.start() > block.start():
                known[block[2]] = _translation(log, *new.span())
        yield known.get(block[2], _Translation())


def _translation(log: bytes, start: int, end: int) -> _Translation:
    last = list(_INSTRUCTION.finditer(log, max(start, end - _LAST_INSTRUCTIONS), end))[-1:]
    for mnemonic, target in (found.groups() for found in last):
        ending = _ending(mnemonic)
        epilogue = ending == Ending.RETURN and _is_epilogue(log, start, end)
        return _Translation(ending, int(target or b"0", 16), epilogue)
    return _Translation()


def _is_epilogue(log: bytes, start: int, end: int) -> bool:
    starts = [found.start(1) for found in _INSTRUCTION.finditer(log, start, end)]
    return all(_EPILOGUE.match(log, at) for at in starts)


def _ending(mnemonic: bytes) -> Ending:
    if mnemonic.startswith(b"call"):
        return Ending.CALL
    if mnemonic.startswith(b"ret"):
        return Ending.RETURN
    return Ending.JUMP if mnemonic.startswith(b"j") else Ending.OTHER
