"""The table of halves, mapped into this process: what is undecided when the trace ends is read from here."""

import mmap

import numpy as np

from synscope.events.trace import Rows
from synscope.events.wire import HALF


class Table:
    """The kernel half's `halves` array."""

    def __init__(self, fd: int, slots: int) -> None:
        size = -(-slots * HALF.itemsize // mmap.PAGESIZE) * mmap.PAGESIZE
        self._memory = mmap.mmap(fd, size, mmap.MAP_SHARED, mmap.PROT_READ)
        self._rows = np.frombuffer(self._memory, HALF, slots)

    def undecided(self) -> Rows:
        """A copy of every half that is still in its slot."""
        rows: Rows = self._rows[self._rows["cookie"] != 0].copy()
        return rows
