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


class Tally:
    """`outcomes` and `findings` of the connections that were counted, and of each finding the first's id.

    `failing`: which codes of `fail_on` they have.
    """

    def __init__(self, fail_on: failing.Wanted) -> None:
        self.outcomes: Counter[str] = Counter()
        self.findings: Counter[str] = Counter()
        self.examples: dict[str, str] = {}
        self.failing: set[str] = set()
        self._fail_on = fail_on

    def count(self, connection: "Connection") -> None:
        """Count one."""
        self.outcomes[connection.outcome or "outcome not known"] += 1
        self.failing |= failing.named(connection.findings, self._fail_on)
        for finding in connection.findings:
            self.findings[finding.code] += 1
            self.examples.setdefault(finding.code, connection.id.replace("c", "#"))


class LiveLines:
    """Prints connections as they are given, and counts them.

    `header` ties the connections' clock to the time of day.
    """

    def __init__(self, header: "Header", stream: TextIO, color: Color, as_json: bool, tally: Tally) -> None:
        self._tally = tally
        self._offset_ns = header.started_wall_ns - header.started_mono_ns
        self._stream = stream
        self._as_json = as_json
        self._style = terminal.style(stream)
        self._console = terminal.console(stream, color, self._style.width)

    def __call__(self, found: "Iterable[Connection]") -> None:
        """Print each, at once."""
        for connection in found:
            self._tally.count(connection)
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


def summary(tally: Tally, trace: "Trace", saved: Path | None) -> str:
    """`12 connections: 10 established, 2 refused`, findings, what was lost, and where to look next."""
    total = sum(tally.outcomes.values())
    kinds = ", ".join(f"{count} {name.replace('_', ' ')}" for name, count in tally.outcomes.most_common())
    words = [f"{total} connection{'' if total == 1 else 's'}" + (f": {kinds}" if kinds else "")]
    told = ", ".join(
        f"{count} {code} ({tally.examples[code]})" for code, count in tally.findings.most_common()
    )
    words += [f"findings: {told}"] if told else []
    words += [f"lost by the tracer: {count} at {where}" for where, count in trace.footer.lost.items()]
    if saved is not None:
        words.append(f"next: synscope show {saved} --view table")
    return "; ".join(words)
