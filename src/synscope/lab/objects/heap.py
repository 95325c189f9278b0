"""Reads the kernel's objects where they lie: members by their C names, and the lists that join them."""

from collections.abc import Iterator
from itertools import islice

import numpy as np

from synscope.errors import SynscopeError
from synscope.kernel.btf import Btf
from synscope.kernel.members import Members, Place
from synscope.kernel.text import Read

_MOST = 1 << 20  # of one list: a longer one is a circle that has lost its head
_POINTER = 8


class Heap:
    """The memory of a guest that stands still.

    Every method raises SynscopeError where the kernel has no such member, or nothing is at that address.
    """

    def __init__(self, read: Read, btf: Btf) -> None:
        self._read = read
        self._btf = btf
        self._members = Members(btf)

    def octets(self, at: int, size: int) -> bytes:
        """What is there."""
        found = self._read(at, size)
        if len(found) < size:
            raise unreadable(f"nothing is at {at:#x}")
        return found

    def has(self, struct: str, path: str) -> bool:
        """Whether there is such a member."""
        return self._found(struct, path) is not None

    def number(self, struct: str, at: int, path: str) -> int:
        """The unsigned value, or the pointer, that is `path` of the struct at `at`."""
        place = self._place(struct, path)
        return int.from_bytes(self.octets(at + place.offset // 8, place.size // 8), "little")

    def offset(self, struct: str, path: str) -> int:
        """Of a member, in bytes."""
        return self._place(struct, path).offset // 8

    def size(self, struct: str) -> int:
        """Of a struct, in bytes."""
        return self._btf.struct_size(struct)

    def text(self, struct: str, at: int, path: str) -> bytes:
        """A string that is kept in the struct itself, without its zeros."""
        place = self._place(struct, path)
        return self.octets(at + place.offset // 8, place.size // 8).split(b"\0")[0]

    def whole(self, struct: str, at: int) -> bytes:
        """All of a struct."""
        return self.octets(at, self.size(struct))

    def pointers(self, at: int, count: int) -> list[int]:
        """An array of pointers."""
        return list(map(int, np.frombuffer(self.octets(at, count * _POINTER), "<u8")))

    def listed(self, head: int, struct: str, link: str) -> Iterator[int]:
        """The structs on a `struct list_head`, which they are linked into by `link`."""
        return self._followed(self.number("list_head", head, "next"), struct, link, head)

    def hashed(self, table: int, buckets: int, bucket: str, first: str) -> Iterator[tuple[int, int]]:
        """Number of the bucket, and address, of each `struct sock_common` in a table of hlist_nulls lists."""
        size, place = self.size(bucket), self.offset(bucket, first)
        memory = self.octets(table, buckets * size)
        for number in range(buckets):
            begin = number * size + place
            at = int.from_bytes(memory[begin : begin + _POINTER], "little")
            yield from ((number, sk) for sk in self._followed(at, "sock_common", "skc_nulls_node"))

    def chained(self, at: int, struct: str, link: str) -> Iterator[int]:
        """The structs from `at` on, each with a pointer `link` to the next, up to NULL."""
        for _ in range(_MOST):
            if not at:
                return
            yield at
            at = self.number(struct, at, link)

    def _followed(self, link: int, struct: str, path: str, end: int = 0) -> Iterator[int]:
        """Up to `end`; an odd one ends a list of hlist_nulls (include/linux/list_nulls.h)."""
        offset = self.offset(struct, path)
        links = self._links(link)
        for at in islice(links, _MOST):
            if at == end or at & 1:
                return
            yield at - offset

    def _links(self, link: int) -> Iterator[int]:
        while True:
            yield link
            (link,) = self.pointers(link, 1)

    def _place(self, struct: str, path: str) -> Place:
        place = self._found(struct, path)
        if place is None:
            raise unreadable(f"this kernel has no {path} in its struct {struct}")
        return place

    def _found(self, struct: str, path: str) -> Place | None:
        try:
            return self._members.place(struct, path)
        except KeyError:
            return None


def unreadable(why: str) -> SynscopeError:
    """Why this guest's objects are not shown."""
    return SynscopeError("cannot read the guest's objects", why, "synscope lab kernels")
