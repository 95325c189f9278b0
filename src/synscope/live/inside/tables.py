"""The tables of operations behind sockets: which function each member points to, and that one's file."""

from collections.abc import Iterable

from synscope.kernel.btf import Btf
from synscope.kernel.members import Members
from synscope.kernel.symbols import Symbols
from synscope.kernel.text import Facts, Read, Text
from synscope.probes.operations import read_tables
from synscope.tcp.inside import Pointer, Tables
from synscope.tcp.operations import source_of

Place = tuple[str, int]
"""Which pointer of the socket, and the address of the table that it points to."""


class TableReader:
    """Reads each table once."""

    def __init__(self, read: Read, btf: Btf, symbols: Symbols) -> None:
        self._read = read
        self._btf = btf
        self._members = Members(btf)
        self._text = Text(symbols, read, Facts())
        self._known: dict[Place, dict[str, Pointer]] = {}

    def tables(self, places: Iterable[Place]) -> Tables:
        """Those that can be read, by pointer."""
        return {kind: found for kind, at in places if at and (found := self._table(kind, at))}

    def name_of_congestion_control(self, address: int) -> str | None:
        """`tcp_congestion_ops.name`."""
        place = self._members.place("tcp_congestion_ops", "name")
        if not address or place is None:
            return None
        text = self._read(address + place.offset // 8, place.size // 8)
        return text.split(b"\0")[0].decode("ascii", "backslashreplace") or None

    def _table(self, kind: str, address: int) -> dict[str, Pointer]:
        place = (kind, address)
        if place not in self._known:
            (table,) = read_tables({place}, self._read, self._btf, self._text)
            named = table.named(self._text).members
            self._known[place] = {member: Pointer(name, source_of(name)) for member, name in named.items()}
        return self._known[place]
