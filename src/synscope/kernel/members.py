"""Where a member of a kernel struct is, by the name that C code gives it, and its value in a copy."""

from collections.abc import Iterator
from functools import cache
from typing import NamedTuple

from synscope.kernel.btf import Btf, Kind, Type

_BIT_FIELD = 24  # the upper eight bits of an offset are a bit-field's size (Documentation/bpf/btf.rst)


class Place(NamedTuple):
    """Where a member is, and how large: in bits."""

    offset: int
    size: int


class _Member(NamedTuple):
    name: str
    type_id: int
    place: Place


class Members:
    """Finds members of the structs of one BTF."""

    def __init__(self, btf: Btf) -> None:
        self._btf = btf
        self.place = cache(self._place)

    def value(self, memory: bytes, struct: str, path: str) -> int | None:
        """The unsigned value at `path`; None where the struct has no such member, or the copy ends before."""
        place = self.place(struct, path)
        if place is None or place.offset + place.size > len(memory) * 8:
            return None
        first, last = place.offset // 8, (place.offset + place.size + 7) // 8
        whole = int.from_bytes(memory[first:last], "little")
        return whole >> place.offset % 8 & (1 << place.size) - 1

    def octets(self, memory: bytes, struct: str, path: str) -> bytes:
        """The bytes at `path`; empty where the struct has no such member."""
        place = self.place(struct, path)
        return b"" if place is None else memory[place.offset // 8 : (place.offset + place.size) // 8]

    def _place(self, struct: str, path: str) -> Place | None:
        """`path`: names with dots between them. The first may be that of a member of an embedded base.

        A kernel struct that extends another has it for its first member (`struct tcp_sock` begins with an
        `inet_connection_sock`, that with an `inet_sock`, …): what is not found is looked for in there.
        """
        first, *rest = path.split(".")
        found = self._inherited(self._btf.struct(struct), first)
        for name in rest:
            inner = found and self._composite(found.type_id)
            member = inner and self._own(inner, name)
            if not found or not member:
                return None
            found = _moved(member, found.place.offset)
        return found and found.place

    def _inherited(self, struct: Type, name: str) -> _Member | None:
        found = self._own(struct, name)
        first = next(self._listed(struct), None)
        base = first and self._composite(first.type_id)
        return found or (self._inherited(base, name) if base else None)

    def _own(self, struct: Type, name: str) -> _Member | None:
        """The member of that name, of the struct itself or of those without a name in it."""
        for member in self._listed(struct):
            if member.name == name:
                return member
            inner = None if member.name else self._composite(member.type_id)
            found = inner and self._own(inner, name)
            if found:
                return _moved(found, member.place.offset)
        return None

    def _listed(self, struct: Type) -> Iterator[_Member]:
        for string, type_id, where in struct.words.tolist():
            bits = where >> _BIT_FIELD if struct.flagged else 0
            offset = where & (1 << _BIT_FIELD) - 1 if struct.flagged else where
            place = Place(offset, bits or self._btf.size(type_id) * 8)
            yield _Member(self._btf.string(string), type_id, place)

    def _composite(self, type_id: int) -> Type | None:
        """The struct or union behind typedefs and qualifiers; None: it is none."""
        while type_id:
            found = self._btf.type(type_id)
            if found.kind in (Kind.STRUCT, Kind.UNION):
                return found
            if found.kind not in (Kind.TYPEDEF, Kind.CONST, Kind.VOLATILE, Kind.TYPE_TAG):
                return None
            type_id = found.value
        return None


def _moved(member: _Member, by: int) -> _Member:
    return member._replace(place=Place(member.place.offset + by, member.place.size))
