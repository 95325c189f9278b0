"""A reader of BTF, the type information of a kernel or of a BPF object: as much as synscope asks of it.

Format: Documentation/bpf/btf.rst and include/uapi/linux/btf.h.
"""

import struct
from enum import IntEnum
from functools import cached_property
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt

from synscope.errors import Exit, SynscopeError
from synscope.kernel.elf import section

VMLINUX = Path("/sys/kernel/btf/vmlinux")

_HEADER = struct.Struct("<HBBIIIII")  # magic, version, flags, hdr_len, type_off, type_len, str_off, str_len
_MAGIC = 0xEB9F


class Kind(IntEnum):
    """`BTF_KIND_*`."""

    INT = 1
    PTR = 2
    ARRAY = 3
    STRUCT = 4
    UNION = 5
    ENUM = 6
    FWD = 7
    TYPEDEF = 8
    VOLATILE = 9
    CONST = 10
    RESTRICT = 11
    FUNC = 12
    FUNC_PROTO = 13
    VAR = 14
    DATASEC = 15
    FLOAT = 16
    DECL_TAG = 17
    TYPE_TAG = 18
    ENUM64 = 19


_REFERENCES = (Kind.TYPEDEF, Kind.VOLATILE, Kind.CONST, Kind.RESTRICT, Kind.TYPE_TAG)
_TAIL = {Kind.INT: 1, Kind.ARRAY: 3, Kind.VAR: 1, Kind.DECL_TAG: 1}
"""32-bit words that follow the three of every type, by kind."""
_PER_MEMBER = {
    Kind.STRUCT: 3,
    Kind.UNION: 3,
    Kind.ENUM: 2,
    Kind.FUNC_PROTO: 2,
    Kind.DATASEC: 3,
    Kind.ENUM64: 3,
}
"""The same, for each of a type's `vlen` members."""


class Field(NamedTuple):
    """A member of a struct; `offset` and `size` in bytes."""

    name: str
    offset: int
    size: int


class Type(NamedTuple):
    """One type as BTF has it.

    Attributes:
        value: the kernel's `size` or `type`, as the kind has it.
        flagged: `kind_flag`.
        words: those that follow: (vlen, words per member) for kinds with members, (n,) else.
    """

    kind: Kind
    name: str
    value: int
    flagged: bool
    words: npt.NDArray[np.uint32]


class Btf:
    """The types of one BTF blob. Types are numbered from 1; 0 is void."""

    def __init__(self, blob: bytes) -> None:
        """Raises SynscopeError where `blob` is no BTF or of a newer kind."""
        if len(blob) < _HEADER.size or struct.unpack_from("<H", blob)[0] != _MAGIC:
            raise SynscopeError("cannot read BTF", "this is not BTF")
        _, _, _, size, type_at, type_size, string_at, string_size = _HEADER.unpack_from(blob)
        if size + max(type_at + type_size, string_at + string_size) > len(blob):
            raise SynscopeError("cannot read BTF", "it is cut off")
        self._words = np.frombuffer(blob, "<u4", type_size // 4, size + type_at)
        self._strings = blob[size + string_at : size + string_at + string_size]
        self._starts = _type_starts(self._words)

    @classmethod
    def kernel(cls, path: Path = VMLINUX) -> "Btf":
        """Of the running kernel. Raises SynscopeError where it has none."""
        try:
            return cls(path.read_bytes())
        except OSError as error:
            why = f"{path}: {error.strerror}; the kernel needs CONFIG_DEBUG_INFO_BTF"
            raise SynscopeError(
                "cannot read the kernel's types", why, "synscope doctor", Exit.NOT_PERMITTED
            ) from error

    @classmethod
    def of_object(cls, path: Path) -> "Btf":
        """Of a compiled BPF object. Raises SynscopeError where it has none, OSError where it is not there."""
        blob = section(path.read_bytes(), ".BTF")
        if blob is None:
            raise SynscopeError(f"cannot read the types of {path}", "it has no .BTF section: compile with -g")
        return cls(blob)

    def has_tracepoint(self, name: str) -> bool:
        """Whether a `tp_btf/<name>` program can be loaded: the kernel has a typedef `btf_trace_<name>`."""
        return self._find(f"btf_trace_{name}", Kind.TYPEDEF) is not None

    def has_function(self, name: str) -> bool:
        """Whether the kernel has a function, a kfunc for example, of this name."""
        return self._find(name, Kind.FUNC) is not None

    @cached_property
    def functions(self) -> dict[str, int]:
        """Name to number of the type, of every function; the first where static functions share a name."""
        found = np.flatnonzero(self._kinds == Kind.FUNC)
        names = map(self.string, self._names[found].tolist())
        return dict(reversed(list(zip(names, (found + 1).tolist(), strict=True))))

    def type(self, number: int) -> Type:
        """The type of that number, which is not 0 (void)."""
        at = int(self._starts[number - 1])
        kind = Kind(int(self._kinds[number - 1]))
        words = self._rows(at) if kind in _PER_MEMBER else self._words[at + 3 : at + 3 + _TAIL.get(kind, 0)]
        return Type(
            kind, self.string(int(self._words[at])), int(self._words[at + 2]), self._flagged(at), words
        )

    def enum_values(self, name: str) -> dict[str, int]:
        """Enumerators of `enum <name>` in order, name to value; empty where there is no such enum.

        Before kernel 6.0 and clang 16 BTF does not tell the sign: negative ones come as unsigned 32 bits.
        """
        narrow = self._find(name, Kind.ENUM)
        if narrow is not None:
            return dict(
                self._enumerator(row, "<i4" if self._flagged(narrow) else "<u4") for row in self._rows(narrow)
            )
        wide = self._find(name, Kind.ENUM64)
        if wide is not None:
            return dict(
                self._enumerator(row, "<i8" if self._flagged(wide) else "<u8") for row in self._rows(wide)
            )
        return {}

    def enumerator(self, name: str) -> int | None:
        """The value of an enumerator, unsigned, of whichever enum has it; None where none does."""
        offset = self._strings.find(b"\0" + name.encode() + b"\0") + 1
        for at in self._starts[self._kinds == Kind.ENUM].tolist() if offset else ():
            for row in self._rows(at):
                if int(row[0]) == offset:
                    return int(row[1])
        return None

    def struct(self, name: str) -> Type:
        """The type `struct <name>`. Raises KeyError where there is no such struct."""
        return self.type(int(np.searchsorted(self._starts, self._struct(name))) + 1)

    def struct_layout(self, name: str) -> list[Field]:
        """Members of `struct <name>` in order. Bit-fields, which have no whole offset, are left out.

        Raises:
            KeyError: there is no such struct.
        """
        at = self._struct(name)
        bits, is_bit_field = (0xFFFFFF, 24) if self._flagged(at) else (0xFFFFFFFF, 32)
        return [
            Field(self.string(int(string)), (int(where) & bits) // 8, self.size(int(type_id)))
            for string, type_id, where in self._rows(at)
            if int(where) >> is_bit_field == 0
        ]

    def struct_size(self, name: str) -> int:
        """`sizeof(struct <name>)` in bytes. Raises KeyError where there is no such struct."""
        return int(self._words[self._struct(name) + 2])

    @cached_property
    def _names(self) -> npt.NDArray[np.uint32]:
        return self._words[self._starts]

    @cached_property
    def _kinds(self) -> npt.NDArray[Any]:
        return self._words[self._starts + 1] >> 24 & 31

    def _find(self, name: str, kind: Kind) -> int | None:
        """Where the first type of that name and kind starts. Strings are unique."""
        offset = self._strings.find(b"\0" + name.encode() + b"\0") + 1
        if offset == 0:
            return None
        found = np.flatnonzero((self._names == offset) & (self._kinds == kind))
        return int(self._starts[found[0]]) if len(found) else None

    def _struct(self, name: str) -> int:
        at = self._find(name, Kind.STRUCT)
        if at is None:
            raise KeyError(name)
        return at

    def _flagged(self, at: int) -> bool:
        """`kind_flag`: signed (enums), or offsets that carry a bit-field's size (structs)."""
        return bool(self._words[at + 1] >> 31)

    def _rows(self, at: int) -> npt.NDArray[np.uint32]:
        """(vlen, words per member) of the type that starts at `at`."""
        info = int(self._words[at + 1])
        width = _PER_MEMBER[Kind(info >> 24 & 31)]
        count = info & 0xFFFF
        return self._words[at + 3 : at + 3 + count * width].reshape(count, width)

    def _enumerator(self, row: npt.NDArray[np.uint32], number: str) -> tuple[str, int]:
        return self.string(int(row[0])), int(np.ascontiguousarray(row[1:]).view(number)[0])

    def string(self, offset: int) -> str:
        """The name at an offset, which a member's first word gives."""
        return self._strings[offset : self._strings.index(b"\0", offset)].decode("ascii", "backslashreplace")

    def size(self, type_id: int) -> int:
        """`sizeof` in bytes; 0 for void and functions. As deep as the C type, which cannot hold itself."""
        if type_id == 0:
            return 0
        at = int(self._starts[type_id - 1])
        kind = Kind(int(self._kinds[type_id - 1]))
        size_or_type = int(self._words[at + 2])
        if kind in _REFERENCES:
            return self.size(size_or_type)
        if kind == Kind.PTR:
            return 8
        if kind == Kind.ARRAY:
            element, _, count = (int(word) for word in self._words[at + 3 : at + 6])
            return self.size(element) * count
        return 0 if kind in (Kind.FWD, Kind.FUNC, Kind.FUNC_PROTO) else size_or_type


def _type_starts(words: npt.NDArray[np.uint32]) -> npt.NDArray[np.int64]:
    """Index of the first word of each type.

    Types are of varying length, so their starts form a chain. Each word's successor, were it a start, is
    computed at once for all of them, and only following the chain is left to a loop.
    """
    tail, per_member = np.zeros(32, np.int64), np.zeros(32, np.int64)
    tail[list(_TAIL)], per_member[list(_PER_MEMBER)] = list(_TAIL.values()), list(_PER_MEMBER.values())
    info = np.append(words[1:], np.uint32(0))
    kind = info >> 24 & 31
    length = 3 + tail[kind] + per_member[kind] * (info & 0xFFFF)
    length[(kind == 0) | (kind > max(Kind))] = 0
    return _chain(memoryview(np.arange(len(words)) + length))


def _chain(following: memoryview) -> npt.NDArray[np.int64]:
    starts, at, end = [], 0, len(following)
    while at < end:
        starts.append(at)
        at = following[at]
        if at == starts[-1]:
            raise SynscopeError("cannot read BTF", "it has a kind of type that is newer than this synscope")
    if at != end:
        raise SynscopeError("cannot read BTF", "its last type is cut off")
    return np.array(starts, np.int64)
