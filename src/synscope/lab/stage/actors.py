"""Processes that play a part: each a fork of the stage's, with a network namespace and a name of its own.

An actor's script is a generator. It runs up to each `yield`, reports what it yields, and waits there for
the stage's next order, which is what the `yield` returns.
"""

import os
from collections.abc import Callable, Generator
from multiprocessing import Pipe, get_context
from multiprocessing.connection import Connection
from typing import Any, NamedTuple

from synscope.errors import SynscopeError
from synscope.lab.stage import namespaces

PATIENCE = 10.0
"""Seconds that an actor may take from an order to its report."""

Script = Callable[[], Generator[Any, Any, None]]


class StageError(SynscopeError):
    """A scenario could not be played as it is written."""


class GoingOn(NamedTuple):
    """Yielded by a script that reports and does not wait for an order."""

    value: object


class _Failed(NamedTuple):
    why: str


class Actor:
    """A process that plays a script; it begins at once."""

    def __init__(self, name: str, script: Script, namespace: int) -> None:
        self.name = name
        self._line, far = Pipe()
        parts = (name, script, namespace, far, os.getpid())
        self._process = get_context("fork").Process(target=_play, args=parts, daemon=True)
        self._process.start()
        far.close()
        self.pid = self._process.pid or 0

    def go(self, order: object = None) -> None:
        """Let it go on to its next report, which is not awaited."""
        self._line.send(order)

    def report(self, patience: float = PATIENCE) -> Any:
        """What it yielded next.

        Raises:
            StageError: it failed, it ended, or it said nothing for so long.
        """
        if not self._line.poll(patience):
            raise StageError(f"{self.name} is stuck", f"no report within {patience:g} s")
        try:
            value = self._line.recv()
        except EOFError:
            value = _Failed("it ended without a report")
        if isinstance(value, _Failed):
            raise StageError(f"{self.name} failed", value.why)
        return value

    def ask(self, order: object = None) -> Any:
        """Let it go on, and what it then reports."""
        self.go(order)
        return self.report()

    def reported(self) -> list[Any]:
        """The reports that lie there unread."""
        found = []
        while self._line.poll():
            found.append(self.report())
        return found

    def end(self) -> None:
        """Kill it; what it held is closed when this returns."""
        self._process.kill()
        self._process.join()
        self._line.close()


def _play(name: str, script: Script, namespace: int, line: Connection, parent: int) -> None:
    try:
        namespaces.die_with(parent)
        namespaces.call_me(name)
        namespaces.enter(namespace)
        _follow(script(), line)
    except EOFError:  # the stage is over
        pass
    except Exception as error:  # whatever it is, the stage shall say it
        line.send(_Failed(f"{type(error).__name__}: {error}"))


def _follow(script: Generator[Any, Any, None], line: Connection) -> None:
    order = None
    while True:
        try:
            said = script.send(order)
        except StopIteration:
            return
        if isinstance(said, GoingOn):
            line.send(said.value)
            order = None
        else:
            line.send(said)
            order = line.recv()
