"""What the live view holds: the newest connections, those of them that pass its filter, in its order."""

from collections import deque
from collections.abc import Callable, Iterable

import msgspec

from synscope.connections.model import Connection
from synscope.views.facts import accept_wait_ns, origin, retransmits, setup_ns
from synscope.views.live_filter import Test, parse

LIMIT = 10_000
"""Connections that are kept: of more, the oldest are forgotten."""


class Row(msgspec.Struct, frozen=True, gc=False):
    """A connection, and what its line is sorted by: its number (in the order of being told), times in ns."""

    number: int
    connection: Connection
    began_ns: int
    setup_ns: int | None
    wait_ns: int | None
    retransmits: int


Key = Callable[[Row], int | str | None]


def row_of(connection: Connection) -> Row:
    """The row of a connection whose id is `c1`, `c2`, …."""
    return Row(
        int(connection.id.removeprefix("c")),
        connection,
        origin(connection)[0],
        setup_ns(connection),
        accept_wait_ns(connection),
        retransmits(connection),
    )


def _number(row: Row) -> int:
    return row.number


class LiveRows:
    """`shown`: what passes, ordered; `told`: how many there were; `found`: the newest that has a finding."""

    def __init__(self, limit: int = LIMIT) -> None:
        self.told = 0
        self.kept: deque[Row] = deque(maxlen=limit)
        self.shown: list[Row] = []
        self.found: Row | None = None
        self.filter_text = ""
        self._test: Test = parse("")
        self._key: Key = _number
        self._descending = True

    @property
    def forgotten(self) -> int:
        """How many are kept no longer."""
        return self.told - len(self.kept)

    def add(self, connections: Iterable[Connection]) -> None:
        """Take connections that were decided, in the order of their numbers."""
        fresh = [row_of(connection) for connection in connections]
        if not fresh:
            return
        self.told = fresh[-1].number
        self.kept.extend(fresh)
        self.found = next((row for row in reversed(fresh) if row.connection.findings), self.found)
        oldest = self.kept[0].number
        self.shown = [row for row in self.shown if row.number >= oldest]
        self.shown += (row for row in fresh if row.number >= oldest and self._test(row.connection))
        self._sort()

    def filter(self, text: str) -> None:
        """Show what passes. Raises SynscopeError, and changes nothing, where `text` means nothing."""
        self._test = parse(text)
        self.filter_text = text
        self.shown = [row for row in self.kept if self._test(row.connection)]
        self._sort()

    def order(self, key: Key, descending: bool) -> None:
        """Sort by `key` from now on; rows of which it is not known (None) stand last."""
        self._key, self._descending = key, descending
        self._sort()

    def _sort(self) -> None:
        known = [row for row in self.shown if self._key(row) is not None]
        unknown = [row for row in self.shown if self._key(row) is None]
        known.sort(key=self._key, reverse=self._descending)  # type: ignore[arg-type]  # None is left out
        self.shown = known + unknown
