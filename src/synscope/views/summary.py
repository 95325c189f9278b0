"""What can be said of many connections at once: outcomes, destinations, times, what the tracer missed."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Sequence
from typing import TYPE_CHECKING

from rich.cells import cell_len
from rich.text import Text

from synscope.connections.model import Connection
from synscope.text import fit
from synscope.views.facts import failed, retransmits, setup_ns
from synscope.views.findings import grouped, unconnected_findings
from synscope.views.lines import flow, indented, paragraph, place
from synscope.views.notes import nothing
from synscope.views.spent import QUANTILES, quantiles, spent
from synscope.views.style import BAD, FRAME, GOOD, NOTE, STATE, TITLE, Style

if TYPE_CHECKING:
    from synscope.events.trace import Header, Trace

NAME = "summary"
ONE_LINE = "counts, destinations and times of all connections, and what was missed"

_DESTINATIONS = 20
_BAR = 30


def render(connections: Sequence[Connection], trace: Trace, style: Style) -> Iterator[Text]:
    """Counts and times of all connections, then what the trace may lack."""
    if connections:
        yield from _head(connections, trace, style)
        yield Text()
        yield from _outcomes(connections, style)
        yield from grouped(connections, style)
        yield Text()
        yield from _times(connections, style)
        yield from spent(connections, style)
    else:
        yield from nothing(trace, style)
    yield from unconnected_findings(trace, style)
    yield Text()
    yield from coverage(trace, style)


def _head(connections: Sequence[Connection], trace: Trace, style: Style) -> Iterator[Text]:
    header, footer = trace.header, trace.footer
    count = len(connections)
    words = [Text(f"{count} connection{'' if count == 1 else 's'}", TITLE)]
    if footer.ended_mono_ns > header.started_mono_ns:
        words.append(Text(f"in {style.duration(footer.ended_mono_ns - header.started_mono_ns)}"))
    words.append(Text(f"Linux {style.clean(header.kernel)} {style.clean(header.machine)}", NOTE))
    words.append(Text(f"{style.clean(header.detail)} detail", NOTE))
    if header.command:
        words.append(Text(fit(style.clean(" ".join(header.command)), style.columns - 4, style.glyphs), NOTE))
    return indented(flow(words, style.columns - 1, indent=0, gap="   "))


def _outcomes(connections: Sequence[Connection], style: Style) -> Iterator[Text]:
    """A bar an outcome, most frequent first."""
    total = len(connections)
    yield Text(f" {'outcome':16}{'count':>8}{'share':>9}", FRAME)
    for outcome, count in Counter(c.outcome for c in connections).most_common():
        name = "not known" if outcome is None else style.clean(outcome).replace("_", " ")
        ink = GOOD if outcome == "established" else NOTE if outcome in (None, "in_progress") else BAD
        bar = style.glyphs.bar * max(1, round(_BAR * count / total))
        line = Text(f" {name:16}", ink).append(f"{count:>8}{100 * count / total:>7.1f} %   ")
        yield line.append(bar, ink)


def _times(connections: Sequence[Connection], style: Style) -> Iterator[Text]:
    """Setup times of the established, per destination and of all."""
    groups = defaultdict(list)
    for connection in connections:
        groups[place(connection, "server", style)].append(connection)
    largest = sorted(groups.items(), key=lambda item: -len(item[1]))
    left = style.columns - 1 - 7 * 2 - 9 * len(QUANTILES) - 2
    width = min(left, max(16, *(cell_len(name) for name, _ in largest[:_DESTINATIONS])))
    headings = f"{'count':>7}{'failed':>7}" + "".join(f"{name:>9}" for name, _ in QUANTILES)
    yield Text(f" {'setup time to':{width}}{headings}", FRAME)
    for name, members in largest[:_DESTINATIONS]:
        yield _row(name, members, _setups(members), width, style)
    if len(largest) > _DESTINATIONS:
        rest = [connection for _, members in largest[_DESTINATIONS:] for connection in members]
        yield _row(f"{len(largest) - _DESTINATIONS} others", rest, _setups(rest), width, style)
    if len(largest) > 1:
        yield _row("all", connections, _setups(connections), width, style)
    yield from _again(connections)


def _again(connections: Sequence[Connection]) -> Iterator[Text]:
    again = [count for connection in connections if (count := retransmits(connection))]
    if again:
        yield Text()
        yield Text(f" {sum(again)} retransmissions in {len(again)} of {len(connections)} connections", BAD)


def _setups(connections: Iterable[Connection]) -> list[int]:
    established = (c for c in connections if c.outcome == "established")
    return [spent for connection in established if (spent := setup_ns(connection)) is not None]


def _row(name: str, members: Sequence[Connection], times: list[int], width: int, style: Style) -> Text:
    failures = sum(map(failed, members))
    shown = fit(name, width, style.glyphs)
    line = Text(" " + shown + " " * (width - cell_len(shown))).append(f"{len(members):>7}")
    line.append(f"{failures or '':>7}", BAD)
    line.append(quantiles(times, style))
    line.rstrip()
    return line


def coverage(trace: Trace, style: Style) -> Iterator[Text]:
    """What the trace may lack: losses, sockets left out, hooks that were not attached."""
    yield from _hooks(trace.header, style)
    footer = trace.footer
    for place_, count in footer.lost.items():
        yield from paragraph(f"lost: {count} at {style.clean(place_)}", style, BAD)
    if not footer.lost and footer.complete:
        yield Text(" nothing was lost by the tracer", NOTE)
    if not footer.complete:
        yield from paragraph("the trace was cut off before its end: what it lost is not known", style, BAD)
    for kind, count in footer.left_out.items():
        yield from paragraph(f"left out: {count} {style.clean(kind)} sockets", style, STATE)


def _hooks(header: Header, style: Style) -> Iterator[Text]:
    if not header.hooks:
        return
    missing = [hook for hook in header.hooks if not hook.attached]
    total = len(header.hooks)
    yield Text(f" {total - len(missing)} of {total} hooks attached", NOTE)
    for hook in missing:
        why = f": {style.clean(hook.why)}" if hook.why else ""
        yield from paragraph(f"not attached: {style.clean(hook.name)}{why}", style)
