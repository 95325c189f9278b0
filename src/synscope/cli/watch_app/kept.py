"""The rows that came last: what the live view's `s` saves."""

from collections import deque
from pathlib import Path

from synscope.capture.writer import TraceWriter
from synscope.events.trace import Footer, Header, Rows

LIMIT = 64 << 20
"""Bytes of rows: of more, the oldest are forgotten. They are some 70,000 connections in `record` detail."""


class KeptRows:
    """A session's sink that forgets the oldest batches beyond `limit` bytes."""

    def __init__(self, limit: int = LIMIT) -> None:
        self._limit = limit
        self._batches: deque[tuple[Rows, Rows, Rows]] = deque()
        self._bytes = 0
        self._forgotten = 0

    def add(self, halves: Rows, events: Rows, calls: Rows) -> None:
        """Take new rows."""
        self._batches.append((halves, events, calls))
        self._bytes += _bytes(self._batches[-1])
        while self._bytes > self._limit and len(self._batches) > 1:
            oldest = self._batches.popleft()
            self._bytes -= _bytes(oldest)
            self._forgotten += len(oldest[0])

    def save(self, path: Path, header: Header, footer: Footer, force: bool) -> int:
        """Write a trace file of what is kept; how many halves it has.

        The footer says how many were forgotten.

        Raises:
            SynscopeError: the file exists and not `force`, or cannot be written.
        """
        if self._forgotten:
            footer.lost["live view: forgotten before it was saved"] = self._forgotten
        with TraceWriter(path, header, force) as writer:
            for halves, events, calls in self._batches:
                writer.halves(halves)
                writer.events(events)
                writer.calls(calls)
            writer.close(footer)
        return sum(len(halves) for halves, _, _ in self._batches)


def _bytes(batch: tuple[Rows, Rows, Rows]) -> int:
    return sum(rows.nbytes for rows in batch)
