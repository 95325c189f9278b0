"""How control leaves a function: the calls and the jumps in its bytes (x86-64, decoded by capstone)."""

from collections.abc import Iterator
from functools import cache
from typing import TYPE_CHECKING

import msgspec

if TYPE_CHECKING:
    import capstone  # type: ignore[import-untyped]

POINTER = 0
"""Stands for the target of a call or jump through a pointer: the text does not tell it."""

LONGEST_CALL = 8
_SIZES = (5, 2, 3, 4, 6, 7, 8)  # of a call, the direct one first: opcode and 32 bits


class Exits(msgspec.Struct, frozen=True, array_like=True):
    """Where a function's instructions lead to, as addresses, in the order of the text; each once.

    Attributes:
        calls: targets; `POINTER` is among them where a pointer is called.
        jumps: those that leave the function; `POINTER` where one goes through a pointer.
    """

    calls: tuple[int, ...]
    jumps: tuple[int, ...]


def calls_before(code: bytes, end: int) -> Iterator[int]:
    """Targets of the call that ends right before the address `end`, whose last bytes `code` holds.

    Bytes can be read in more than one way: the likeliest comes first. Nothing where no call ends there.
    """
    for size in _SIZES:
        start = end - size
        for _, length, name, operand in _decoder().disasm_lite(code[len(code) - size :], start, 1):
            if name == "call" and length == size:
                yield _target(operand)


def exits(code: bytes, start: int) -> Exits:
    """Of the whole function that `code` is, from its first instruction at the address `start`."""
    calls: dict[int, None] = {}
    jumps: dict[int, None] = {}
    end = start + len(code)
    for _, _, name, operand in _decoder().disasm_lite(code, start):
        if name == "call":
            calls[_target(operand)] = None
        elif name[0] == "j" or name == "notrack jmp":
            target = _target(operand)
            if not start <= target < end:
                jumps[target] = None
    return Exits(tuple(calls), tuple(jumps))


def _target(operand: str) -> int:
    """Of `0xffffffff81e2deb0`; a register or a place in memory is a pointer."""
    return int(operand, 16) if operand.startswith("0x") else POINTER


@cache
def _decoder() -> "capstone.Cs":
    """Imported only here: it takes longer than all of its use, which most traces need not (see the cache)."""
    import capstone  # noqa: PLC0415

    decoder = capstone.Cs(capstone.CS_ARCH_X86, capstone.CS_MODE_64)
    decoder.skipdata = True  # passes over what it does not know, instead of ending there
    return decoder
