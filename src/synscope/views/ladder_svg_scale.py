"""Time as length, to scale, but for stretches in which nothing happens and that would dwarf the rest."""

from bisect import bisect_right
from collections.abc import Iterable, Sequence
from itertools import pairwise
from typing import NamedTuple

_IDLE = 3  # an idle gap so many times as long as all shorter ones together is not drawn to scale
_DWARFING = 4  # nor is any gap so many times as long as all others that are
_BREAK = 34  # length of a break, and what the longest has more
_MORE = 26
_LEAST = 160  # length of all that is to scale


class Stretch(NamedTuple):
    """Time between two neighbouring moments, ns, and where it is drawn; `broken`: not to scale."""

    start_ns: int
    end_ns: int
    begin: float
    end: float
    broken: bool

    @property
    def spent_ns(self) -> int:
        """How long it is."""
        return self.end_ns - self.start_ns


class Scale:
    """Where each moment lies on an axis. Moments beyond its ends lie at its ends.

    Attributes:
        length: of the whole axis.
        per_ns: length of a nanosecond where it is to scale.
    """

    def __init__(self, stretches: Sequence[Stretch], origin: int, per_ns: float) -> None:
        self.stretches = stretches
        self.per_ns = per_ns
        self.length = stretches[-1].end if stretches else 0.0
        self._origin = origin
        self._starts = [one.start_ns for one in stretches]

    def at(self, t_ns: int) -> float:
        """Where a moment lies, from the axis's beginning."""
        if not self.stretches or t_ns <= self._origin:
            return 0.0
        one = self.stretches[bisect_right(self._starts, t_ns) - 1]
        passed = min(1.0, (t_ns - one.start_ns) / one.spent_ns)
        return one.begin + passed * (one.end - one.begin)

    @property
    def breaks(self) -> list[Stretch]:
        """The stretches that are not to scale."""
        return [one for one in self.stretches if one.broken]


def scale(moments: Iterable[int], flights: Sequence[tuple[int, int]], length: float) -> Scale:
    """An axis with all `moments`, about `length` long: of it, at least `_LEAST` are to scale.

    A gap while a segment is under way (`flights`) is broken only if it dwarfs all others: how far an
    arrow slants is what it shows.
    """
    ordered = sorted(set(moments))
    gaps = list(pairwise(ordered))
    broken = _broken(gaps, flights)
    whole = sum(end - start for start, end in gaps) - sum(end - start for start, end in broken)
    longest = max((end - start for start, end in broken), default=1)
    breaks = sum(_BREAK + _MORE * _length(gap) / longest for gap in broken)
    per_ns = max(_LEAST, length - breaks) / whole if whole else 0.0
    at, stretches = 0.0, []
    for gap in gaps:
        spent = gap[1] - gap[0]
        end = at + (_BREAK + _MORE * spent / longest if gap in broken else spent * per_ns)
        stretches.append(Stretch(*gap, at, end, gap in broken))
        at = end
    return Scale(stretches, ordered[0] if ordered else 0, per_ns)


_Gap = tuple[int, int]


def _broken(gaps: Sequence[_Gap], flights: Sequence[tuple[int, int]]) -> set[_Gap]:
    found: set[_Gap] = set()
    rest = 0
    ordered = sorted(gaps, key=_length)
    for place, gap in enumerate(ordered):
        idle = not any(sent <= gap[0] and gap[1] <= received for sent, received in flights)
        if idle and 2 * place >= len(gaps) and _length(gap) > _IDLE * rest:
            found.add(gap)
        else:
            rest += _length(gap)
    kept = [gap for gap in ordered if gap not in found]
    if len(kept) > 1 and _length(kept[-1]) > _DWARFING * (rest - _length(kept[-1])):
        found.add(kept[-1])
    return found


def _length(gap: _Gap) -> int:
    return gap[1] - gap[0]


def round_step(least: float) -> int:
    """The smallest of 1, 2, 5, 10, 20, … that is not below `least`."""
    power = 1
    while True:
        for digit in (1, 2, 5):
            if digit * power >= least:
                return digit * power
        power *= 10


def spread(wanted: Sequence[float], sizes: Sequence[float], first: float = 0.0) -> list[float]:
    """Where things of these sizes begin, in the same order, so that none overlap and each is near `wanted`.

    What would overlap is shifted together, as little as possible in sum of squares; nothing begins
    before `first`.
    """
    blocks: list[list[float]] = []  # sum of the members' wishes less their offsets, members, size
    for want, size in zip(wanted, sizes, strict=True):
        blocks.append([want, 1, size])
        while (
            len(blocks) > 1 and blocks[-2][0] / blocks[-2][1] + blocks[-2][2] > blocks[-1][0] / blocks[-1][1]
        ):
            total, members, length = blocks.pop()
            before = blocks[-1]
            before[0] += total - members * before[2]
            before[1] += members
            before[2] += length
    places: list[float] = []
    free = first
    left = iter(sizes)
    for total, members, _ in blocks:
        at = max(free, total / members)
        for _ in range(int(members)):
            places.append(at)
            at += next(left)
        free = at
    return places
