"""The table of halves, mapped into this process: what is undecided when the trace ends is read from here."""

import mmap

import numpy as np

from synscope.events.trace import Rows
from synscope.events.wire import HALF, MILESTONE, Side


class Table:
    """The kernel half's `halves` array."""

    def __init__(self, fd: int, slots: int) -> None:
        size = -(-slots * HALF.itemsize // mmap.PAGESIZE) * mmap.PAGESIZE
        self._memory = mmap.mmap(fd, size, mmap.MAP_SHARED, mmap.PROT_READ)
        self._rows = np.frombuffer(self._memory, HALF, slots)

    def stale(self, since_ns: int) -> list[int]:
        """Cookies of server halves that were never accepted, of requests before `since_ns`.

        None while less than half of the slots are in use: there is no hurry then.
        """
        used = self._rows["cookie"] != 0
        if int(used.sum()) * 2 < len(self._rows):
            return []
        moments = self._rows["t"]
        begun = moments[:, MILESTONE["request"]]
        waiting = used & (self._rows["side"] == Side.SERVER) & (moments[:, MILESTONE["accepted"]] == 0)
        cookies: list[int] = self._rows["cookie"][waiting & (begun < np.uint64(since_ns))].tolist()
        return cookies

    def undecided(self) -> Rows:
        """A copy of every half that is still in its slot."""
        rows: Rows = self._rows[self._rows["cookie"] != 0].copy()
        return rows
