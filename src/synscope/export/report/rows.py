"""What the overview keeps of each connection, so that thousands need little memory."""

from collections.abc import Sequence
from typing import NamedTuple

from synscope.connections.model import Connection, SideName
from synscope.diagnosis.verdict import SEVERITIES, Severity
from synscope.views.facts import accept_wait_ns, failed, origin, retransmits, setup_ns
from synscope.views.findings import said
from synscope.views.lines import owner, place
from synscope.views.style import Style

LISTED = 10_000
"""Connections that a report lists, each with its story: of more, these are chosen."""
TOLD = 12
"""Stories that are there without JavaScript."""


class Row(NamedTuple):
    """A connection in a line.

    Attributes:
        at: its place in the trace.
        findings: each as code, severity and summary.
        phases: each as side, name and duration in ns.
    """

    at: int
    id: str
    client: str
    server: str
    owner: str
    outcome: str
    failed: bool
    start_ns: int
    setup_ns: int | None
    queue_ns: int | None
    again: int
    findings: tuple[tuple[str, Severity, str], ...]
    phases: tuple[tuple[SideName, str, int], ...]


def row(at: int, connection: Connection, style: Style) -> Row:
    """The connection's, clean."""
    outcome = "not known" if connection.outcome is None else connection.outcome.replace("_", " ")
    return Row(
        at=at,
        id=connection.id,
        client=place(connection, "client", style),
        server=place(connection, "server", style),
        owner=owner(connection.client, style) or owner(connection.server, style),
        outcome=style.clean(outcome),
        failed=failed(connection),
        start_ns=origin(connection)[0],
        setup_ns=setup_ns(connection),
        queue_ns=accept_wait_ns(connection),
        again=retransmits(connection),
        findings=tuple((one.code, one.severity, said(one.summary, style)) for one in connection.findings),
        phases=tuple((one.side, one.name, one.duration_ns) for one in connection.phases),
    )


def slowest(rows: Sequence[Row], count: int) -> list[Row]:
    """Those whose setup took longest, the longest first."""
    timed = [one for one in rows if one.setup_ns is not None]
    return sorted(timed, key=lambda one: -(one.setup_ns or 0))[:count]


def telling(rows: Sequence[Row]) -> list[Row]:
    """The few worth reading first: one of each finding, then the slowest, then the first; in trace order."""
    chosen: dict[int, Row] = {}
    seen: set[str] = set()
    for one in rows:
        codes = {code for code, _, _ in one.findings}
        if codes - seen:
            chosen[one.at] = one
            seen |= codes
    for one in (*slowest(rows, TOLD // 2), *rows[:TOLD]):
        chosen.setdefault(one.at, one)
    return sorted(list(chosen.values())[:TOLD], key=lambda one: one.at)


def worst(rows: Sequence[Row]) -> Row | None:
    """The first of those with the most severe finding."""
    return max(
        rows,
        key=lambda one: max((SEVERITIES.index(s) + 1 for _, s, _ in one.findings), default=0),
        default=None,
    )


def sample(rows: Sequence[Row]) -> tuple[list[Row], str]:
    """Those that are listed, in trace order, and in a sentence which; "" if all are.

    Half of the room is for those with findings, a twentieth for the slowest; the others are as far
    from each other as they can be.
    """
    if len(rows) <= LISTED:
        return list(rows), ""
    found = [one for one in rows if one.findings]
    chosen = {one.at for one in (*_evenly(found, LISTED // 2), *slowest(rows, LISTED // 20))}
    chosen |= {one.at for one in telling(rows)}
    others = [one for one in rows if one.at not in chosen]
    chosen |= {one.at for one in _evenly(others, LISTED - len(chosen))}
    kept = min(len(found), LISTED // 2)
    which = (
        f"{kept:,} of the {len(found):,} with findings, the {LISTED // 20} slowest, every n-th of the others"
    )
    told = f"Listed are {len(chosen):,} of {len(rows):,}: {which}. All other figures are of all."
    return [one for one in rows if one.at in chosen], told


def _evenly(rows: Sequence[Row], count: int) -> list[Row]:
    if len(rows) <= count:
        return list(rows)
    return [rows[at * len(rows) // count] for at in range(count)]
