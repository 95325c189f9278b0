"""The loop behind `synscope watch`: drain, join, print, until told to stop."""

import signal
import sys
import time
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from types import FrameType
from typing import TYPE_CHECKING

from synscope.cli import ending
from synscope.cli.live_lines import LiveLines, Tally
from synscope.cli.recording import Recording
from synscope.cli.terminal import Color

if TYPE_CHECKING:
    from synscope.cli.joining import Joiner
    from synscope.connections.model import Connection
    from synscope.events.trace import Trace
    from synscope.probes.session import Options, Session

DRAIN_S = 0.02
JOIN_NS = 200_000_000
"""Between two looks for pairs; a line appears that much after its fate was decided."""
STOPPING = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)

Tell = Callable[["Iterable[Connection]"], None]


class Stop:
    """True when it is time to end: a signal asked, or `seconds` are over. A second SIGINT interrupts."""

    def __init__(self, seconds: float | None) -> None:
        self._asked = False
        self._deadline = None if seconds is None else time.monotonic() + seconds

    def __bool__(self) -> bool:
        return self._asked or (self._deadline is not None and time.monotonic() >= self._deadline)

    def ask(self) -> None:
        """It is time now."""
        self._asked = True

    def received(self, number: int, frame: FrameType | None) -> None:
        """A signal handler."""
        self.ask()
        signal.signal(signal.SIGINT, signal.default_int_handler)


@contextmanager
def stopping(seconds: float | None) -> Iterator[Stop]:
    """Until left, signals ask to stop instead of killing; those that were ignored stay so (nohup)."""
    stop = Stop(seconds)
    wanted = [number for number in STOPPING if signal.getsignal(number) is not signal.SIG_IGN]
    before = {number: signal.signal(number, stop.received) for number in wanted}
    try:
        yield stop
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


def with_lines(
    options: "Options", recording: Recording, tally: Tally, stop: Stop, color: Color, *, as_json: bool
) -> "Trace":
    """Watch, and print on stdout."""
    from synscope.cli.joining import Joiner  # noqa: PLC0415
    from synscope.diagnosis.diagnose import diagnosed  # noqa: PLC0415
    from synscope.probes.session import Session  # noqa: PLC0415

    with Session(options, sys.argv, recording.write, keep=False) as session:
        recording.open(session.header)
        lines = LiveLines(session.header, sys.stdout, color, as_json, tally)
        ending.say("watching; Ctrl-C ends")
        return watch(session, Joiner(session.header, diagnosed, session.undecided), recording, lines, stop)


def watch(session: "Session", joiner: "Joiner", recording: Recording, tell: Tell, stop: Stop) -> "Trace":
    """Watch with an open session until `stop`; the trace of it all.

    A reader of stdout that goes away ends the watch, but the file is finished first.

    Raises:
        BrokenPipeError: that reader went away.
    """
    gone: BrokenPipeError | None = None
    try:
        _until(stop, session, joiner, tell)
    except BrokenPipeError as error:
        gone = error
    trace = session.finish(None)
    recording.close(trace.footer)
    if gone:
        raise gone
    joiner.add(session.new_halves(), time.monotonic_ns())
    tell(joiner.ready(time.monotonic_ns(), flush=True))
    return trace


def _until(stop: Stop, session: "Session", joiner: "Joiner", tell: Tell) -> None:
    joined = time.monotonic_ns()
    while not stop:
        time.sleep(DRAIN_S)
        session.poll()
        now = time.monotonic_ns()
        if now - joined >= JOIN_NS:
            joined = now
            joiner.add(session.new_halves(), now)
            tell(joiner.ready(now))
