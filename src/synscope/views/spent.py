"""Where the time of many connections went: a line a phase, and what the slowest spent theirs on."""

from collections import Counter, defaultdict
from collections.abc import Iterator, Sequence

from rich.text import Text

from synscope.connections.model import Connection, SideName
from synscope.connections.phases import PHASES
from synscope.views.facts import SIDES, half_of
from synscope.views.lines import number_of, paragraph
from synscope.views.style import BAD, FRAME, STATE, Style

QUANTILES = (("p50", 50), ("p90", 90), ("p99", 99), ("max", 100))
_NAME = 26
_SHARE = 100  # the slowest: one in so many
_EXAMPLES = 5
_NAMED = 3


def quantile(ordered: Sequence[int], percent: int) -> int:
    """The smallest value that at least `percent` % of `ordered` do not exceed (nearest rank)."""
    return ordered[max(0, -(-len(ordered) * percent // 100) - 1)]


def quantiles(times: Sequence[int], style: Style) -> str:
    """The quantiles of some durations in columns of 9; nothing where nothing was timed."""
    if not times:
        return ""
    ordered = sorted(times)
    return "".join(f"{style.duration(quantile(ordered, percent)):>9}" for _, percent in QUANTILES)


def spent(connections: Sequence[Connection], style: Style) -> Iterator[Text]:
    """A heading and a line a phase, in the order in which they come; then the slowest of each side."""
    times: dict[tuple[SideName, str], list[int]] = defaultdict(list)
    for connection in connections:
        for phase in connection.phases:
            times[phase.side, phase.name].append(phase.duration_ns)
    if not times:
        return
    yield Text()
    headings = f"{'count':>7}" + "".join(f"{name:>9}" for name, _ in QUANTILES)
    yield Text(f" {'phase':{_NAME}}{headings}", FRAME)
    order = {name: place for place, name in enumerate(PHASES)}
    for side in SIDES:
        names = sorted(
            (name for of, name in times if of == side), key=lambda name: order.get(name, len(order))
        )
        for name in names:
            line = Text(f" {side:7}", STATE).append(f"{name.replace('_', ' '):{_NAME - 7}}")
            durations = times[side, name]
            yield line.append(f"{len(durations):>7}{quantiles(durations, style)}")
    for side in SIDES:
        yield from _slowest(connections, side, style)


def _slowest(connections: Sequence[Connection], side: SideName, style: Style) -> Iterator[Text]:
    """`slowest client, 1.027 s (#3): syn retransmit 99 %`, of the slowest hundredth of several."""
    timed = [(total, one) for one in connections if (total := _total(one, side)) is not None]
    if len(timed) < 2:
        return
    timed.sort(key=lambda pair: -pair[0])
    chosen = timed[: max(1, len(timed) // _SHARE)]
    whole = sum(total for total, _ in chosen)
    parts: Counter[str] = Counter()
    for _, connection in chosen:
        for phase in connection.phases:
            if phase.side == side:
                parts[phase.name] += phase.duration_ns
    most = [
        f"{name.replace('_', ' ')} {100 * part / whole:.0f} %"
        for name, part in parts.most_common(_NAMED)
        if 100 * part >= whole
    ]
    yield from paragraph(f"{_which(chosen, side, style)}: {', '.join(most)}", style, BAD)


def _total(connection: Connection, side: SideName) -> int | None:
    half = half_of(connection, side)
    return None if half is None else half.total_ns


def _which(chosen: Sequence[tuple[int, Connection]], side: SideName, style: Style) -> str:
    named = ", ".join(number_of(connection, style) for _, connection in chosen[:_EXAMPLES])
    more = f", {style.glyphs.ellipsis}" if len(chosen) > _EXAMPLES else ""
    least = style.duration(chosen[-1][0])
    if len(chosen) == 1:
        return f"slowest {side}, {least} ({named})"
    return f"slowest {len(chosen)} {side}s, {least} or more ({named}{more})"
