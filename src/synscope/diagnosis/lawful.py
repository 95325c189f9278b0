"""A connection held against the tables of `synscope.tcp`: what of it should not have been possible.

Only what was seen is judged: that a segment is missing proves nothing, for not every device is watched.
"""

from collections.abc import Iterator
from itertools import pairwise
from typing import NamedTuple

from synscope.connections.model import SideName, Transition
from synscope.diagnosis.case import Case
from synscope.events.wire import HalfFlag
from synscope.tcp.exchange import Exchange
from synscope.tcp.segment_rules import Breach, breaches
from synscope.tcp.transitions import maker, makers

_TFO = int(HalfFlag.TFO)
_SIDES: tuple[SideName, SideName] = ("client", "server")


class Illegal(NamedTuple):
    """A change of state that is illegal, what is wrong with it, and what the tables have instead."""

    change: Transition
    what: str
    instead: str


def is_lawful(case: Case) -> bool:
    """Whether everything that was seen is as the tables have it."""
    return next(illegal_changes(case), None) is None and not illegal_segments(case)


def illegal_segments(case: Case) -> list[Breach]:
    """Segments that break a rule of `tcp.segment_rules`."""
    segments = case.connection.segments
    if not segments:
        return []
    client, server = case.isns
    isns = {"client": client, "server": server}
    found = list(breaches(Exchange(segments, isns, syn_data=False)))
    if found and any(row is not None and row.flags & _TFO for row in (case.client_row, case.server_row)):
        return list(breaches(Exchange(segments, isns, syn_data=True)))
    return found


def illegal_changes(case: Case) -> Iterator[Illegal]:
    """Changes of state that no row has, that another function made, or that do not join."""
    for side in _SIDES:
        changes = [change for change in case.connection.transitions if change.side == side]
        for change in changes:
            yield from _judged(change)
        for before, after in pairwise(changes):
            if before.target != after.source:
                yield Illegal(after, f"it left {after.source}, but the socket was in {before.target}", "")


def _judged(change: Transition) -> Iterator[Illegal]:
    legal = makers(change.source, change.target)
    by = maker(change.by)
    if not legal:
        yield Illegal(change, "Linux has no such change of state", "")
    elif by is not None and by not in legal:
        yield Illegal(change, f"{by} does not make this change", f"made by {', '.join(sorted(legal))}")
