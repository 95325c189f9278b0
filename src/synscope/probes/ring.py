"""The ring buffer, mapped into this process and decoded in batches without per-record Python.

The kernel maps the data twice in a row, so that a slice never wraps. Each record is an 8-byte header
(length with a busy and a discard bit, page offset) and a payload of fixed size, so that a run of
records is one structured array. (kernel/bpf/ringbuf.c, Documentation/bpf/ringbuf.rst)
"""

import mmap
from typing import Any

import numpy as np

from synscope.events.trace import Rows

_PAGE = mmap.PAGESIZE
_BUSY = np.uint32(1 << 31)
_DISCARDED = np.uint32(1 << 30)


class Ring:
    """A BPF ring buffer whose records all have one dtype."""

    def __init__(self, fd: int, size: int, record: np.dtype[Any]) -> None:
        """`size`: bytes of data, a power of two; `record`: the payload's dtype."""
        self._consumer = mmap.mmap(fd, _PAGE, mmap.MAP_SHARED, mmap.PROT_READ | mmap.PROT_WRITE)
        self._producer = mmap.mmap(fd, _PAGE + 2 * size, mmap.MAP_SHARED, mmap.PROT_READ, offset=_PAGE)
        stride = 8 + (record.itemsize + 7) // 8 * 8
        self._framed = np.dtype(
            {
                "names": ["length", "page", "record"],
                "formats": ["<u4", "<u4", record],
                "offsets": [0, 4, 8],
                "itemsize": stride,
            }
        )
        self._record = record
        self._size = size
        self._consumed = np.frombuffer(self._consumer, "<u8", 1)
        self._produced = np.frombuffer(self._producer, "<u8", 1)

    def drain(self) -> Rows:
        """Copy out every whole record that is there, and give the room back to the kernel."""
        start, end = int(self._consumed[0]), int(self._produced[0])
        count = (end - start) // self._framed.itemsize
        if count <= 0:
            return np.empty(0, self._record)
        frames = np.frombuffer(self._producer, self._framed, count, _PAGE + start % self._size)
        lengths = frames["length"]
        busy = np.flatnonzero(lengths & _BUSY)
        if busy.size:
            count = int(busy[0])
            frames, lengths = frames[:count], lengths[:count]
        rows: Rows = frames["record"][(lengths & _DISCARDED) == 0].copy()
        self._consumed[0] = start + count * self._framed.itemsize
        return rows
