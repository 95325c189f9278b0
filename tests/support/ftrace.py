"""The kernel's own record of its tracepoints, with stacks, of one task: an instance of tracefs.

(Documentation/trace/ftrace.rst)
"""

import os
import re
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from itertools import count
from pathlib import Path
from typing import NamedTuple

from support.require import require

TRACEFS = Path("/sys/kernel/tracing")
_NUMBERS = count(1)
_EVENT = re.compile(r"^.*-\d+\s+\[\d+\]\s+\S+\s+[\d.]+: (?P<name>\w+): (?P<text>.*)$")
_FRAME = re.compile(r"^ => (?P<function>\S+)$")


class Event(NamedTuple):
    """A tracepoint that was passed, with its own text, and the functions that it was in, innermost first."""

    name: str
    text: str
    stack: tuple[str, ...]


@contextmanager
def ftrace(pid: int, *events: str) -> Iterator[Callable[[], list[Event]]]:
    """What the task `pid` passes of these events (`fib/fib_table_lookup`) while the block runs.

    Softirqs that interrupt it count as the task's.
    """
    require(os.access(TRACEFS / "instances", os.W_OK), "needs root and a writable tracefs")
    instance = TRACEFS / "instances" / f"synscope-test-{os.getpid()}-{next(_NUMBERS)}"
    instance.mkdir()
    try:
        (instance / "options/stacktrace").write_text("1")
        (instance / "set_event_pid").write_text(str(pid))
        for event in events:
            (instance / "events" / event / "enable").write_text("1")
        yield lambda: list(_parsed((instance / "trace").read_text()))
    finally:
        (instance / "events/enable").write_text("0")
        instance.rmdir()


def _parsed(text: str) -> Iterator[Event]:
    """An event's line is followed by `<stack trace>` and one line a frame."""
    found: Event | None = None
    for line in text.splitlines():
        if frame := _FRAME.match(line):
            assert found is not None
            found = found._replace(stack=(*found.stack, frame["function"]))
        elif event := _EVENT.match(line):
            if found is not None:
                yield found
            found = Event(event["name"], event["text"], ())
    if found is not None:
        yield found
