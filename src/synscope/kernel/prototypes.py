"""Prototypes of kernel functions, from BTF: what their argument registers and return values mean.

Which parameter is in which register: System V ABI for x86-64, section 3.2.3 (di si dx cx r8 r9).
"""

from collections.abc import Iterable
from typing import Any

import msgspec

from synscope.kernel.btf import Btf, Kind, Type

REGISTERS = 6
"""Parameters that are passed in registers; the seventh is on the stack."""

_WORD = 8  # bytes of a register
_SIGNED = 1 << 24  # BTF_INT_SIGNED, in the word that follows a BTF_KIND_INT
_QUALIFIERS = {Kind.CONST: "const", Kind.VOLATILE: "volatile", Kind.RESTRICT: "restrict"}
_TAGS = {Kind.STRUCT: "struct ", Kind.UNION: "union ", Kind.ENUM: "enum ", Kind.ENUM64: "enum "}
_BY_VALUE = (Kind.STRUCT, Kind.UNION)


class Parameter(msgspec.Struct, frozen=True):
    """A parameter of a kernel function, from BTF: `type` as in C (`"struct sock *"`), `size` in bytes."""

    name: str
    type: str = ""
    size: int = 8
    signed: bool = False


class Function(msgspec.Struct, frozen=True):
    """A kernel function whose calls were collected.

    Attributes:
        parameters: of its BTF prototype, those in registers (at most 6); None: the kernel's BTF has none.
        returns: `None` where the prototype is not known, `type` `"void"` where it returns nothing.
    """

    name: str
    parameters: list[Parameter] | None = None
    returns: Parameter | None = None


def prototypes(btf: Btf, names: Iterable[str]) -> list[Function]:
    """One function for each of `names`, in order; those that `btf` does not have come without prototype.

    Parameters end before the first that is a struct or a union by value, or wider than a register: where
    it and those that follow are depends on what it holds.
    """
    return [_function(btf, name) for name in names]


def _function(btf: Btf, name: str) -> Function:
    number = btf.functions.get(name)
    if number is None:
        return Function(name)
    prototype = btf.type(btf.type(number).value)
    parameters = []
    for string, type_id in prototype.words[:REGISTERS].tolist():
        if not type_id or _resolved(btf, type_id).kind in _BY_VALUE or btf.size(type_id) > _WORD:
            break  # no type: "..."
        parameters.append(_parameter(btf, btf.string(string), type_id))
    return Function(name, parameters, _parameter(btf, "", prototype.value))


def _parameter(btf: Btf, name: str, number: int) -> Parameter:
    return Parameter(name, spelling(btf, number), btf.size(number), _is_signed(btf, number))


def _resolved(btf: Btf, number: int) -> Type:
    """The type that is left without names and qualifiers; `number` is not void."""
    found = btf.type(number)
    while found.kind in (*_QUALIFIERS, Kind.TYPEDEF, Kind.TYPE_TAG) and found.value:
        found = btf.type(found.value)
    return found


def _is_signed(btf: Btf, number: int) -> bool:
    if number == 0:
        return False
    found = _resolved(btf, number)
    if found.kind == Kind.INT:
        return bool(int(found.words[0]) & _SIGNED)
    return found.kind in (Kind.ENUM, Kind.ENUM64) and found.flagged


def spelling(btf: Btf, number: int, declared: str = "") -> str:
    """The type as C text, around what it declares: `struct sock *`, `int (*)(struct net *, int)`.

    C reads from the inside out: a pointer adds its star before what is declared, a function or an array
    its brackets behind it, and a star between needs parentheses. Type tags (`__rcu`) are left out.
    """
    if number == 0:
        return _joined("void", declared)
    found = btf.type(number)
    if found.kind == Kind.PTR:
        return spelling(btf, found.value, f"*{declared}")
    if found.kind in (Kind.FUNC_PROTO, Kind.ARRAY):
        inner = f"({declared})" if declared.startswith("*") else declared
        return _derived(btf, found, inner)
    if found.kind == Kind.TYPE_TAG:
        return spelling(btf, found.value, declared)
    if found.kind in _QUALIFIERS:
        return _qualified(btf, found, declared)
    tag = ("union " if found.flagged else "struct ") if found.kind == Kind.FWD else _TAGS.get(found.kind, "")
    return _joined(tag + (found.name or "{...}"), declared)


def _derived(btf: Btf, found: Type, inner: str) -> str:
    if found.kind == Kind.ARRAY:
        element, _, count = found.words.tolist()
        return spelling(btf, element, f"{inner}[{count}]")
    parameters: list[list[Any]] = found.words.tolist()
    text = ", ".join(spelling(btf, type_id) if type_id else "..." for _, type_id in parameters)
    return spelling(btf, found.value, f"{inner}({text or 'void'})")


def _qualified(btf: Btf, found: Type, declared: str) -> str:
    """`const struct sock *`, but `struct sock *const`: a qualifier of a pointer is behind its star."""
    word = _QUALIFIERS[found.kind]
    if found.value and btf.type(found.value).kind == Kind.PTR:
        return spelling(btf, found.value, _joined(word, declared))
    return f"{word} {spelling(btf, found.value, declared)}"


def _joined(left: str, right: str) -> str:
    return f"{left} {right}" if right else left
