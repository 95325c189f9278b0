"""Watch with the live view: a thread drains the session, as the plain watch does, beside the screen."""

import os
import sys
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from synscope.cli import terminal, watching
from synscope.cli.joining import Joiner
from synscope.cli.live_lines import Tally
from synscope.cli.recording import Recording, check
from synscope.cli.terminal import Color
from synscope.cli.watch_app.app import WatchApp
from synscope.cli.watch_app.feed import Feed
from synscope.cli.watch_app.kept import KeptRows
from synscope.diagnosis.diagnose import diagnosed
from synscope.errors import SynscopeError
from synscope.events.trace import Rows

if TYPE_CHECKING:
    from synscope.events.trace import Trace
    from synscope.probes.session import Options, Session


def with_screen(
    options: "Options", recording: Recording, tally: Tally, stop: watching.Stop, color: Color
) -> "Trace":
    """Watch, and show it.

    Raises:
        SynscopeError: the session cannot be opened, or the screen failed.
    """
    from synscope.probes.session import Session  # noqa: PLC0415

    if not terminal.wants_color(sys.stdout, color):
        os.environ["NO_COLOR"] = "1"
    kept = KeptRows()

    def sink(halves: Rows, events: Rows, calls: Rows) -> None:
        recording.write(halves, events, calls)
        kept.add(halves, events, calls)

    with Session(options, sys.argv, sink, keep=False) as session:
        recording.open(session.header)
        with draining(session, recording, kept, tally, stop) as (app, drained):
            app.run(mouse=False)
    if app.return_code:
        raise SynscopeError("the live view ended", "an error in it, see above", "synscope watch --plain")
    return drained.result()


@contextmanager
def draining(
    session: "Session", recording: Recording, kept: KeptRows, tally: Tally, stop: watching.Stop
) -> "Iterator[tuple[WatchApp, Future[Trace]]]":
    """An app that is yet to be run, and `watching.watch` in a thread, which ends when this is left."""
    feed = Feed(tally)
    joiner = Joiner(session.header, diagnosed, session.undecided)
    with ThreadPoolExecutor(1) as pool:
        drained = pool.submit(watching.watch, session, joiner, recording, feed, stop)
        save = _saver(feed, kept, session)
        try:
            yield WatchApp(feed, drained.done, session.header, save, terminal.is_ascii(sys.stdout)), drained
        finally:
            stop.ask()


def _saver(feed: Feed, kept: KeptRows, session: "Session") -> Callable[[Path, bool], None]:
    """Checks the file at once; the rows are written where they are taken, in the draining thread."""

    def write(path: Path, force: bool) -> str:
        try:
            count = kept.save(path, session.header, session.footer_so_far(), force)
        except SynscopeError as error:
            return str(error)
        return f"saved {count:,} halves: synscope show {path}"

    def save(path: Path, force: bool) -> None:
        check(path, force)
        feed.ask(lambda: write(path, force))

    return save
