"""What `synscope watch` prints: a line, or a JSON object, per connection as its fate is decided."""

import time
from collections import Counter
from collections.abc import Iterable
from pathlib import Path
from typing import TYPE_CHECKING, TextIO

from rich.text import Text

from synscope.cli import failing, terminal
from synscope.cli.telling import print_json
from synscope.cli.terminal import Color
from synscope.views.facts import origin
from synscope.views.findings import short
from synscope.views.lines import title
from synscope.views.style import TIME

if TYPE_CHECKING:
    from synscope.connections.model import Connection
    from synscope.events.trace import Header, Trace

STAMP = len("12:34:56.789 ")


class LiveLines:
    """Prints connections as they are given; `outcomes` counts them, `failing` has codes of `fail_on`.

    `header` ties the connections' clock to the time of day.
    """

    def __init__(
        self, header: "Header", stream: TextIO, color: Color, as_json: bool, fail_on: failing.Wanted = ()
    ) -> None:
        self.outcomes: Counter[str] = Counter()
        self.failing: set[str] = set()
        self._fail_on = fail_on
        self._offset_ns = header.started_wall_ns - header.started_mono_ns
        self._stream = stream
        self._as_json = as_json
        self._style = terminal.style(stream)
        self._console = terminal.console(stream, color, self._style.width)

    def __call__(self, found: "Iterable[Connection]") -> None:
        """Print each, at once."""
        for connection in found:
            self.outcomes[connection.outcome or "outcome not known"] += 1
            self.failing |= failing.named(connection.findings, self._fail_on)
            if self._as_json:
                print_json([connection])
            else:
                self._print(connection)
        self._stream.flush()

    def _print(self, connection: "Connection") -> None:
        stamp = clock(origin(connection)[0] + self._offset_ns)
        narrower = type(self._style)(width=self._style.columns - STAMP, ascii=self._style.ascii)
        for line in title(connection, narrower):
            self._console.print(Text(f"{stamp:<{STAMP}}", TIME).append_text(line), soft_wrap=True)
            stamp = ""
        for finding in connection.findings:
            line = Text(" " * STAMP).append_text(short(finding, narrower))
            self._console.print(line, soft_wrap=True)


def clock(wall_ns: int) -> str:
    """The local time of day of `wall_ns` (CLOCK_REALTIME): `12:34:56.789`."""
    seconds, rest = divmod(wall_ns, 1_000_000_000)
    return f"{time.strftime('%H:%M:%S', time.localtime(seconds))}.{rest // 1_000_000:03}"


def summary(outcomes: Counter[str], trace: "Trace", saved: Path | None) -> str:
    """`12 connections: 10 established, 2 refused`, what was lost, and where to look next."""
    total = sum(outcomes.values())
    kinds = ", ".join(f"{count} {name.replace('_', ' ')}" for name, count in outcomes.most_common())
    words = [f"{total} connection{'' if total == 1 else 's'}" + (f": {kinds}" if kinds else "")]
    words += [f"lost by the tracer: {count} at {where}" for where, count in trace.footer.lost.items()]
    if saved is not None:
        words.append(f"next: synscope show {saved} --view table")
    return "; ".join(words)
