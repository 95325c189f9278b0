"""Wait for the command while the rings are drained on a timer."""

import select
from collections.abc import Callable

from synscope.cli.command.signals import Relay
from synscope.cli.command.spawn import Child, Ended

DRAIN_MS = 20
"""Between two drains. 16 MiB hold 36,000 halves, so 20 ms last for 1.8 million halves a second."""


def supervise(child: Child, drain: Callable[[], object], relay: Relay) -> Ended | None:
    """Drain until the command ends; None when a second Ctrl-C ended the trace before it.

    An error of `drain` does not disturb the command: it is waited for first, then the error raised.
    """
    exits = select.poll()
    exits.register(child.pidfd, select.POLLIN)
    while not relay.ended:
        gone = exits.poll(DRAIN_MS)
        try:
            drain()
        except Exception:
            child.wait()
            raise
        if gone:
            return child.wait()
    return None
