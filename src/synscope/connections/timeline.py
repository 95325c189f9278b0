"""Rows found by a key and a time: by binary search over columns, without looking at any other row."""

from bisect import bisect_left, bisect_right

import numpy as np

from synscope.events.decode import U64
from synscope.events.trace import Rows


class Timeline:
    """Places of rows in the order of their keys and, with equal keys, of their times.

    `order[place]` is the row's number. Columns are contiguous, as memoryviews give Python's own
    numbers: numpy's searchsorted() would copy the column of a structured array at each call.
    """

    def __init__(self, key: Rows, t: Rows) -> None:
        self.order = np.lexsort((t, key))
        self._key = column(key[self.order])
        self._t = column(t[self.order])

    def __len__(self) -> int:
        return len(self.order)

    def time(self, place: int) -> int:
        """The time of the row at `place`."""
        return self._t[place]

    def span(self, key: int) -> tuple[int, int]:
        """The places of a key's rows: from, up to and without."""
        begin = bisect_left(self._key, key)
        return begin, bisect_right(self._key, key, begin)

    def between(self, key: int, start: int, end: int) -> tuple[int, int]:
        """The places of a key's rows with `start` ≤ t < `end`."""
        first, beyond = self.span(key)
        begin = bisect_left(self._t, start, first, beyond)
        return begin, bisect_left(self._t, end, begin, beyond)

    def last(self, key: int, t: int) -> int | None:
        """The place of a key's last row with a time of at most `t`; None without one."""
        begin, end = self.span(key)
        place = bisect_right(self._t, t, begin, end) - 1
        return place if place >= begin else None


def column(values: Rows) -> "memoryview[int]":
    """Numbers side by side, 64 bits each, in this machine's byte order."""
    plain: U64 = np.ascontiguousarray(values, dtype=np.uint64)
    return plain.data
