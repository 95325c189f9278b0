"""The lines that the live view always shows: what is watched, how many, how fast, how slow, which panel."""

from collections.abc import Iterator, Sequence

from rich.cells import cell_len
from rich.text import Text

from synscope.events.trace import Header
from synscope.text import fit
from synscope.views.live_rows import LiveRows, Row
from synscope.views.spent import QUANTILES, quantile
from synscope.views.style import BAD, FRAME, STATE, TITLE, Style


def head(header: Header, now: str, width: int, style: Style) -> Text:
    """What was asked for, of which kernel, and the time of day."""
    words = " ".join(["synscope", *header.command[1:]])
    where = f"{header.hostname}, Linux {header.kernel}  {now} "
    asked = fit(style.clean(words), max(20, width - cell_len(where) - 3), style.glyphs)
    room = width - 1 - cell_len(asked)
    return Text(f" {asked}", TITLE).append(style.clean(where).rjust(room), FRAME)


def tabs(names: Sequence[str], chosen: int, rows: LiveRows, position: str, width: int) -> Text:
    """The panels by number; then what the filter lets pass, or which lines are in sight."""
    line = Text(" ")
    for at, name in enumerate(names):
        line.append(f"{at + 1} {name}", STATE if at == chosen else FRAME).append("   ")
    if rows.filter_text:
        position = f"{len(rows.shown):,} of {len(rows.kept):,} pass"
    return line.append(f"{position} ".rjust(width - line.cell_len), FRAME)


def status(rows: LiveRows, rates: tuple[float, float], failed: int, style: Style) -> Iterator[Text]:
    """Counts and rates of all that was told; then the setup times of those that are shown.

    `rates` are connections and failures per second; `failed` counts the latter.
    """
    all_rate, failed_rate = rates
    line = Text(f" {rows.told:,} connection{'' if rows.told == 1 else 's'}", TITLE)
    line.append(f"  {all_rate:,.1f}/s", "")
    line.append("    ").append(f"{failed:,} failed  {failed_rate:,.1f}/s", BAD if failed else FRAME)
    if rows.forgotten:
        line.append(f"    the newest {len(rows.kept):,} are kept", FRAME)
    yield line
    yield _setups(rows.shown, style)


def _setups(shown: Sequence[Row], style: Style) -> Text:
    """Of the established."""
    times = sorted(
        row.setup_ns for row in shown if row.setup_ns is not None and row.connection.outcome == "established"
    )
    line = Text(" setup", FRAME)
    for name, percent in QUANTILES if times else ():
        line.append(f"  {name} ", FRAME).append(style.duration(quantile(times, percent)))
    return line
