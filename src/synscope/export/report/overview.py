"""Many connections at a glance: outcomes, findings, times, where they went, the slowest."""

from collections import Counter, defaultdict
from collections.abc import Iterable, Sequence
from typing import NamedTuple

from synscope.connections.model import SideName
from synscope.connections.phases import PHASES
from synscope.diagnosis.verdict import SEVERITIES, Severity
from synscope.export.report.rows import Row, slowest
from synscope.views.facts import SIDES
from synscope.views.ladder_svg_element import element
from synscope.views.spent import QUANTILES, quantile
from synscope.views.style import Style

_DESTINATIONS = 12
_SLOWEST = 8
_BAR = 1000


class Outcome(NamedTuple):
    """An outcome, how often, and a bar as long as its share."""

    name: str
    tone: str
    members: int
    share: str
    bar: str


class Group(NamedTuple):
    """A finding's code over all connections, with one of them."""

    code: str
    severity: str
    members: int
    id: str
    summary: str


class Times(NamedTuple):
    """Quantiles of some durations; `side` is of a phase."""

    name: str
    side: str
    what: str
    members: int
    failed: int
    quantiles: tuple[str, ...]


class Overview(NamedTuple):
    """All of it."""

    members: int
    outcomes: tuple[Outcome, ...]
    groups: tuple[Group, ...]
    setups: tuple[Times, ...]
    phases: tuple[Times, ...]
    slowest: tuple[tuple[Row, str], ...]
    again: tuple[int, int]
    names: tuple[str, ...]


def overview(rows: Sequence[Row], style: Style) -> Overview:
    """Of all connections of the trace."""
    again = [row.again for row in rows if row.again]
    return Overview(
        members=len(rows),
        outcomes=tuple(_outcomes(rows)),
        groups=tuple(_groups(rows)),
        setups=tuple(_setups(rows, style)),
        phases=tuple(_phases(rows, style)),
        slowest=tuple((row, style.duration(row.setup_ns or 0)) for row in slowest(rows, _SLOWEST)),
        again=(sum(again), len(again)),
        names=tuple(name for name, _ in QUANTILES),
    )


def _outcomes(rows: Sequence[Row]) -> Iterable[Outcome]:
    tones = {row.outcome: "bad" if row.failed else "note" for row in rows} | {"established": "good"}
    inks = {"bad": "failed", "note": "plain", "good": "fine"}
    for name, count in Counter(row.outcome for row in rows).most_common():
        width = max(2.0, _BAR * count / len(rows))
        shape = element("rect", x=0, y=1, width=width, height=10, class_=inks[tones[name]])
        bar = element("svg", shape, viewBox=f"0 0 {_BAR} 12", preserveAspectRatio="none", class_="bar")
        yield Outcome(name, tones[name], count, f"{100 * count / len(rows):.1f} %", bar)


def _groups(rows: Sequence[Row]) -> Iterable[Group]:
    """The most severe first, of equal ones the most frequent."""
    counts = Counter((code, severity) for row in rows for code, severity, _ in row.findings)
    first: dict[tuple[str, Severity], tuple[str, str]] = {}
    for row in rows:
        for code, severity, summary in row.findings:
            first.setdefault((code, severity), (row.id, summary))
    ordered = sorted(counts.items(), key=lambda item: (-SEVERITIES.index(item[0][1]), -item[1]))
    for (code, severity), count in ordered:
        yield Group(code, severity, count, *first[code, severity])


def _setups(rows: Sequence[Row], style: Style) -> Iterable[Times]:
    """Setup times of the established, per destination and of all."""
    groups: dict[str, list[Row]] = defaultdict(list)
    for row in rows:
        groups[row.server].append(row)
    largest = sorted(groups.items(), key=lambda item: -len(item[1]))
    for name, members in largest[:_DESTINATIONS]:
        yield _times(name, members, style)
    rest = [row for _, members in largest[_DESTINATIONS:] for row in members]
    if rest:
        yield _times(f"{len(largest) - _DESTINATIONS} others", rest, style)
    if len(largest) > 1:
        yield _times("all", rows, style)


def _times(name: str, rows: Sequence[Row], style: Style) -> Times:
    spent = [row.setup_ns for row in rows if row.outcome == "established" and row.setup_ns is not None]
    failed = sum(row.failed for row in rows)
    return Times(name, "", "", len(rows), failed, _quantiles(spent, style))


def _phases(rows: Sequence[Row], style: Style) -> Iterable[Times]:
    """In the order in which they come."""
    spent: dict[tuple[SideName, str], list[int]] = defaultdict(list)
    for row in rows:
        for side, name, duration in row.phases:
            spent[side, name].append(duration)
    order = {name: place for place, name in enumerate(PHASES)}
    places = sorted(spent, key=lambda one: (SIDES.index(one[0]), order.get(one[1], len(order))))
    for side, name in places:
        told = style.clean(name).replace("_", " ")
        durations = spent[side, name]
        yield Times(told, side, PHASES.get(name, ""), len(durations), 0, _quantiles(durations, style))


def _quantiles(times: Sequence[int], style: Style) -> tuple[str, ...]:
    if not times:
        return ("",) * len(QUANTILES)
    ordered = sorted(times)
    return tuple(style.duration(quantile(ordered, percent)) for _, percent in QUANTILES)
