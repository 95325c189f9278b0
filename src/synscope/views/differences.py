"""All pairs of two traces' connections: those that differ one by one, and how many there are."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

from rich.text import Text

from synscope.connections.compare import Pair
from synscope.connections.comparison import Comparison
from synscope.connections.model import Connection
from synscope.events.trace import Trace
from synscope.views.changed_calls import ADDED, GONE
from synscope.views.difference import difference
from synscope.views.lines import flow, number_of, paragraph, place, verdict
from synscope.views.style import BAD, FRAME, GOOD, NOTE, TITLE, Style

_DETAILS = "The traces are not of one detail: what one detail cannot see is told as a difference."


@dataclass(slots=True)
class Tally:
    """What was told so far: `pairs` in all, of them `same`; `only_a` and `only_b` have no counterpart."""

    pairs: int = 0
    same: int = 0
    only_a: int = 0
    only_b: int = 0

    def count(self, a: Connection | None, b: Connection | None, same: bool) -> None:
        """One more pair."""
        self.pairs += 1
        self.same += same
        self.only_a += b is None
        self.only_b += a is None


def headings(names: Sequence[str], traces: Sequence[Trace], style: Style) -> Iterator[Text]:
    """`a  before.syn   Linux 6.1.0 x86_64   path detail`, and the same of b."""
    for letter, name, trace in zip("ab", names, traces, strict=True):
        header = trace.header
        words = [Text(f" {letter}  {style.clean(name)}", TITLE)]
        words.append(Text(f"Linux {style.clean(header.kernel)} {style.clean(header.machine)}"))
        words.append(Text(f"{style.clean(header.detail)} detail", NOTE))
        if header.lab:
            words.append(Text(f"lab: {style.clean(header.lab)}", NOTE))
        yield from flow(words, style.columns, gap="   ")
    if traces[0].header.detail != traces[1].header.detail:
        yield from paragraph(_DETAILS, style, BAD)


def differences(
    told: Iterable[tuple[Pair, Comparison]], tally: Tally, most: int, style: Style
) -> Iterator[Text]:
    """The first `most` that differ, a lone pair in any case, and then how many do, into `tally`."""
    drawn = 0
    last: tuple[Pair, Comparison] | None = None
    for pair, found in told:
        tally.count(*pair, found.same)
        last = pair, found
        if not found.same and drawn < most:
            drawn += 1
            yield from _pair(pair, found, style)
    if last is not None and tally.pairs == tally.same == 1:
        yield from _pair(*last, style)
    if tally.pairs != 1:
        yield Text()
        yield from _total(tally, drawn, style)


def _pair(pair: Pair, found: Comparison, style: Style) -> Iterator[Text]:
    yield Text()
    a, b = pair
    for name, connection, ink in (("a", a, GONE), ("b", b, ADDED)):
        if connection is None:
            yield Text(f" {name}  ", FRAME).append("no counterpart", ink)
        else:
            yield from _title(name, connection, style)
    if a is not None and b is not None:
        yield from difference(found, style)


def _title(name: str, connection: Connection, style: Style) -> Iterator[Text]:
    ends = (place(connection, side, style) for side in ("client", "server"))
    words = f"{number_of(connection, style)}  {f' {style.glyphs.arrow} '.join(ends)}"
    return flow(
        [Text(f" {name}  ", FRAME).append(words, TITLE), verdict(connection, style)], style.columns, gap="   "
    )


def _total(tally: Tally, drawn: int, style: Style) -> Iterator[Text]:
    """`12 pairs: 10 the same, 2 differ; 1 connection in a only`."""
    if not tally.pairs:
        yield Text(" Neither trace has a connection.", NOTE)
        return
    alone = tally.only_a + tally.only_b
    differ = tally.pairs - tally.same - alone
    words = f"{tally.pairs - alone} pairs of connections: {tally.same} the same, {differ} different."
    if alone:
        words += f" Without a counterpart: {tally.only_a} in a, {tally.only_b} in b."
    if drawn < differ + alone:
        words += f" Drawn: the first {drawn}; --connection-a, --connection-b and --json have the others."
    yield from paragraph(words, style, GOOD if tally.same == tally.pairs else NOTE)
