"""The tables that operation pointers point to, read from the kernel's memory."""

from collections.abc import Iterable

import numpy as np

from synscope.events.trace import Operations, Rows
from synscope.events.wire import PathKind
from synscope.kernel.btf import Btf
from synscope.kernel.text import Read, Text

_STRUCTS = {
    "socket->ops": "proto_ops",
    "sk_prot": "proto",
    "icsk_af_ops": "inet_connection_sock_af_ops",
}


class Table:
    """A table that was read: its place, its kind, and member to address of the function."""

    def __init__(self, address: int, kind: str, members: dict[str, int]) -> None:
        self.address = address
        self.kind = kind
        self.members = members

    def named(self, text: Text) -> Operations:
        """The same with the names of the functions."""
        return Operations(self.kind, {member: text.name(at) for member, at in self.members.items()})


def addresses(events: Rows) -> set[tuple[str, int]]:
    """Kind and address of every table that OPS rows name."""
    rows = events[events["kind"] == PathKind.OPS]
    both = (np.ascontiguousarray(rows[name]).view("<u8").reshape(-1, 2) for name in ("saddr", "daddr"))
    columns = np.concatenate(list(both), axis=1).T
    named = zip(_STRUCTS, columns, strict=False)
    return {(kind, at) for kind, column in named for at in column.tolist() if at}


def read_tables(wanted: Iterable[tuple[str, int]], read: Read, btf: Btf, text: Text) -> list[Table]:
    """Those of the tables that can be read. Members are the fields that hold a function's address."""
    tables = []
    for kind, address in sorted(wanted):
        memory = read(address, btf.struct_size(_STRUCTS[kind]))
        places = {field.name: field.offset for field in btf.struct_layout(_STRUCTS[kind]) if field.size == 8}
        values = {name: int.from_bytes(memory[at : at + 8], "little") for name, at in places.items()}
        members = {name: to for name, to in values.items() if to and text.start(to) == to}
        tables.append(Table(address, kind, members))
    return tables
