"""Between the thread that drains the session and the screen."""

from collections import deque
from collections.abc import Callable, Iterable
from typing import TYPE_CHECKING

from synscope.cli.live_lines import Tally
from synscope.views.live_rows import LIMIT

if TYPE_CHECKING:
    from synscope.connections.model import Connection

Job = Callable[[], str]


class Feed:
    """`watching.watch` calls it with connections, in the draining thread; the screen takes them.

    A screen that stands still keeps nothing waiting: it is given the newest when it goes on.
    """

    def __init__(self, tally: Tally) -> None:
        self._tally = tally
        self._fresh: deque[Connection] = deque(maxlen=LIMIT)
        self._jobs: deque[Job] = deque()
        self._said: deque[str] = deque()

    def __call__(self, found: "Iterable[Connection]") -> None:
        """Hand on what was found, then do what the screen asked for."""
        for connection in found:
            self._tally.count(connection)
            self._fresh.append(connection)
        while self._jobs:
            self._said.append(self._jobs.popleft()())

    def ask(self, job: Job) -> None:
        """Have `job` done by the draining thread, soon: what it returns is said."""
        self._jobs.append(job)

    def take(self) -> "list[Connection]":
        """The connections that came since the last call."""
        return [self._fresh.popleft() for _ in range(len(self._fresh))]

    def said(self) -> str | None:
        """What a job returned, once."""
        return self._said.popleft() if self._said else None
