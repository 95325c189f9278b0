"""How many connections a second, and how many of them failed: over the last seconds."""

from collections import deque
from collections.abc import Iterable

import msgspec

from synscope.connections.model import Connection
from synscope.views.facts import failed

WINDOW_S = 10


class _Second(msgspec.Struct):
    """What was told in one second."""

    at: int
    all: int = 0
    failed: int = 0


class Rates:
    """Counts by second; `now_s` is any clock's, seconds, and never runs back."""

    def __init__(self, now_s: float) -> None:
        self._began = now_s
        self._seconds: deque[_Second] = deque(maxlen=WINDOW_S + 1)
        self.failed = 0

    def add(self, now_s: float, connections: Iterable[Connection]) -> None:
        """Count what was told by now."""
        if not self._seconds or self._seconds[-1].at != int(now_s):
            self._seconds.append(_Second(int(now_s)))
        second = self._seconds[-1]
        for connection in connections:
            second.all += 1
            second.failed += failed(connection)
            self.failed += failed(connection)

    def per_second(self, now_s: float) -> tuple[float, float]:
        """Connections, and failures, per second of the last whole `WINDOW_S` seconds, or since it began."""
        until = int(now_s)
        since = max(until - WINDOW_S, int(self._began))
        if until <= since:
            return 0.0, 0.0
        counted = [second for second in self._seconds if since <= second.at < until]
        length = until - since
        return sum(s.all for s in counted) / length, sum(s.failed for s in counted) / length
