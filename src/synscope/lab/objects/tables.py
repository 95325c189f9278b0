"""The lists of protocols that socket() walks, as they lie in the kernel's memory."""

from collections.abc import Iterator

from synscope.lab.objects.data import Data
from synscope.lab.objects.heap import Heap
from synscope.tcp.inetsw import AF_INET, AF_INET6, SOCK_PACKET
from synscope.tcp.inside_tables import Registered

_LISTS = SOCK_PACKET + 1  # SOCK_MAX of include/linux/net.h: one for each type
_FAMILIES = {"inetsw": AF_INET, "inetsw6": AF_INET6}


def registered(heap: Heap, data: Data) -> list[Registered]:
    """Every `struct inet_protosw`, in the order of the walk."""
    return [each for name, family in _FAMILIES.items() for each in _of(heap, data, name, family)]


def _of(heap: Heap, data: Data, table: str, family: int) -> Iterator[Registered]:
    size = heap.size("list_head")
    for number in range(_LISTS):
        for at in heap.listed(data.address(table) + number * size, "inet_protosw", "list"):
            prot = heap.number("inet_protosw", at, "prot")
            yield Registered(
                family=family,
                type=heap.number("inet_protosw", at, "type"),
                protocol=heap.number("inet_protosw", at, "protocol"),
                name=heap.text("proto", prot, "name").decode("ascii", "backslashreplace"),
                prot=data.name(prot),
                ops=data.name(heap.number("inet_protosw", at, "ops")),
                flags=heap.number("inet_protosw", at, "flags"),
            )
