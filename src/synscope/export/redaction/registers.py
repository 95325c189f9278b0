"""Arguments and return values of traced calls, their addresses replaced."""

from collections.abc import Iterator
from ipaddress import IPv4Address

import numpy as np
import numpy.typing as npt

from synscope.events.trace import Rows
from synscope.export.redaction.addresses import KEPT, Addresses
from synscope.kernel.prototypes import REGISTERS, Function, Parameter

_ADDRESS = "__be32"
_NOTHING = ("void", "__wsum", "__sum16")
"""Checksums of a pseudo-header tell the sum of two addresses."""
_LOW = 2**32 - 1
_REGISTER = 2**64 - 1

U64 = npt.NDArray[np.uint64]
_Slot = tuple[npt.NDArray[np.bool_], str, int, Parameter | None]
"""Of which calls, their field, which of its registers, and what that holds; None: nothing that is known."""


def redacted(calls: Rows, functions: list[Function], addresses: Addresses) -> Rows:
    """The calls: of their registers only what the prototypes name is left, every IPv4 address replaced.

    An address need not be declared as one (`u32 key`): each number that is a known address is replaced.
    """
    calls = calls.copy()
    slots = list(_slots(calls, functions))
    for rows, field, register, parameter in slots:
        column = _column(calls, field, register)
        column[rows] = _kept(column[rows], parameter)
        if _type(parameter) == _ADDRESS:
            for value in np.unique(column[rows]).tolist():
                addresses.of(_network_order(value))
    known = _as_registers(addresses)
    for rows, field, register, parameter in slots:
        if parameter is not None and "*" not in parameter.type:
            column = _column(calls, field, register)
            column[rows] = _replaced(column[rows], known)
    return calls


def _slots(calls: Rows, functions: list[Function]) -> Iterator[_Slot]:
    """Every register of every call, by function; one beyond the list has no prototype."""
    for number in np.unique(calls["function"]).tolist():
        function = functions[number] if number < len(functions) else Function("")
        rows = calls["function"] == number
        declared = [*(function.parameters or ()), *[None] * REGISTERS][:REGISTERS]
        for register, parameter in enumerate(declared):
            yield rows, "args", register, parameter
        yield rows, "ret", 0, function.returns


def _type(parameter: Parameter | None) -> str:
    return "" if parameter is None else parameter.type.removeprefix("const ")


def _column(calls: Rows, field: str, register: int) -> U64:
    values = calls[field].view(np.uint64) if field == "ret" else calls[field][:, register]
    column: U64 = values
    return column


def _kept(values: U64, parameter: Parameter | None) -> U64:
    """The bytes that a parameter is in: those above it can be of anything."""
    if parameter is None or _type(parameter) in _NOTHING:
        return np.zeros_like(values)
    bits = 8 * min(parameter.size, 8)
    # the sign that extends it stays: a return value is read as 64 bits
    low: U64 = values & np.uint64((1 << bits) - 1)
    if parameter.signed and bits < 64:
        negative = (low >> np.uint64(bits - 1)) == 1
        low |= np.where(negative, np.uint64(_REGISTER - (1 << bits) + 1), np.uint64(0))
    return low


def _as_registers(addresses: Addresses) -> dict[int, int]:
    """Every IPv4 address that is known as a register has it, in network and in host order."""
    known: dict[int, int] = {}
    for one, other in addresses.known().items():
        if one.version == 4 and one not in KEPT:
            known[int(one)] = int(other)
            known[_swapped(int(one))] = _swapped(int(other))
    return known


def _replaced(values: U64, known: dict[int, int]) -> U64:
    found = values.copy()
    for value in np.unique(values).tolist():
        if value & _LOW in known:
            found[values == value] = value & ~_LOW | known[value & _LOW]
    return found


def _network_order(value: int) -> IPv4Address:
    """The address that a register holds on this (little-endian) machine."""
    return IPv4Address(_swapped(value & _LOW))


def _swapped(value: int) -> int:
    return int.from_bytes(value.to_bytes(4, "little"), "big")
