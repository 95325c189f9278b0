"""Arguments and return values of kernel functions, as text: by the function's prototype and the catalogue."""

from collections.abc import Iterator, Mapping, Sequence
from typing import NamedTuple

from synscope.connections.syscalls import returned
from synscope.kernel.prototypes import Function, Parameter
from synscope.tcp import catalogue
from synscope.tcp.values import FORMATTERS

_REGISTER = 2**64 - 1
_ERROR_POINTERS = 2**64 - 4095  # include/linux/err.h: IS_ERR()
_DROP_REASON = "enum skb_drop_reason"
_TYPES = {"__be16": "network_port", "gfp_t": "hex", "u64": "hex"}


class _Argument(NamedTuple):
    """Which register holds it, and how it is written."""

    register: int
    parameter: Parameter
    formatter: str


class Spelling:
    """How the arguments and return values of each of a trace's functions are written."""

    def __init__(self, functions: Sequence[Function], drop_reasons: Mapping[int, str]) -> None:
        self._returns = [function.returns for function in functions]
        self._arguments = [
            None if function.parameters is None else list(_worth(function)) for function in functions
        ]
        self._drop_reasons = drop_reasons

    def arguments(self, function: int, registers: Sequence[int]) -> dict[str, str] | None:
        """Its arguments by name, in order, without pointers; None where the prototype is not known."""
        wanted = self._arguments[function]
        if wanted is None:
            return None
        return {
            parameter.name: self._text(_number(registers[register], parameter), formatter)
            for register, parameter, formatter in wanted
        }

    def returned(self, function: int, register: int) -> str | None:
        """What it returned: `0`, `-ECONNREFUSED`, `true`, `NULL`, `0xffff…`; None where that is nothing."""
        kind = self._returns[function]
        if kind is None:
            return None
        if _is_pointer(kind):
            return _pointer(register & _REGISTER)
        if kind.type == "void" or kind.type.startswith(("struct ", "union ")):
            return None
        value = _number(register & _REGISTER, kind)
        formatter = _by_type(kind)
        return returned(value) if formatter == "number" else self._text(value, formatter)

    def _text(self, value: int, formatter: str) -> str:
        if formatter == "drop_reason":
            return self._drop_reasons.get(value, str(value))
        return FORMATTERS[formatter](value)


def _worth(function: Function) -> Iterator[_Argument]:
    entry = catalogue.find(function.name)
    known = entry.arguments if entry else {}
    for register, parameter in enumerate(function.parameters or ()):
        if not _is_pointer(parameter):
            yield _Argument(register, parameter, known.get(parameter.name, _by_type(parameter)))


def _by_type(parameter: Parameter) -> str:
    kind = parameter.type.removeprefix("const ")
    if kind == _DROP_REASON:
        return "drop_reason"
    if kind in ("bool", "_Bool"):
        return "bool"
    if kind == "__be32" and parameter.name.endswith("addr"):
        return "address"
    return _TYPES.get(kind, "number")


def _is_pointer(parameter: Parameter) -> bool:
    return "*" in parameter.type


def _pointer(value: int) -> str:
    if value >= _ERROR_POINTERS:
        return returned(value - _REGISTER - 1)
    return hex(value) if value else "NULL"


def _number(register: int, parameter: Parameter) -> int:
    """The low bytes of a register that the parameter is in; the others are not defined."""
    bits = 8 * min(max(parameter.size, 1), 8)
    value = register & (1 << bits) - 1
    return value - (1 << bits) if parameter.signed and value >> bits - 1 else value
