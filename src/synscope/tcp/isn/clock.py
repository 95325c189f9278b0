"""Whether initial sequence numbers follow a clock: its rate, how sure that is, and what is left over.

The rate is the median of the slopes between all pairs of samples (Theil 1950), which late segments, of
which there are always some, do not move; its interval comes from Kendall's S (Sen 1968), summed over
4-tuples (Hirsch, Slack and Smith 1982). Each 4-tuple may have an offset of its own.
"""

import math

import msgspec
import numpy as np

from synscope.tcp.isn.generators import SPACE
from synscope.tcp.isn.samples import Floats, Ints, Samples, signed

FEWEST, EACH = 8, 3
"""Samples, on 4-tuples that were used at least so often each, below which nothing is said."""
ALIGNED = 0.99
"""Mean resultant length from which on a clock is believed: random numbers do not reach it with 8 samples."""
_ROUNDS = 4
_PAIRED = 500
_Z95 = 1.96


class Clock(msgspec.Struct, frozen=True):
    """A line through sequence numbers over time.

    Attributes:
        per_second: how much the number grows in a second; `low` to `high` is the 95 % interval.
        aligned: mean resultant length of the residuals on the circle, 1 for a perfect line.
        residual: median distance from the line, in sequence numbers; `residual95`: 95 % are nearer.
        samples: how many the line goes through.
    """

    per_second: float
    low: float
    high: float
    aligned: float
    residual: float
    residual95: float
    samples: int

    @property
    def follows(self) -> bool:
        """Whether the numbers are on a line at all."""
        return self.aligned >= ALIGNED

    @property
    def tick_ns(self) -> float:
        """How long one step takes."""
        return 1e9 / self.per_second if self.per_second else math.inf

    def ticks_each(self, nanoseconds: int) -> bool:
        """Whether one step each so many ns fits: within the interval, or 500 ppm (its clock may be off)."""
        rate = 1e9 / nanoseconds
        spare = 5e-4 * rate
        return self.low - spare <= rate <= self.high + spare and self.high - self.low < 0.2 * rate


def clock(samples: Samples) -> Clock | None:
    """The line that fits best; None if too few samples share a 4-tuple."""
    shared = samples.repeated(EACH)
    if len(shared.isn) < FEWEST:
        return None
    t, flow = shared.seconds, np.unique(shared.flow, return_inverse=True)[1]
    rate = _first_guess(t, shared.isn, flow)
    for _ in range(_ROUNDS):
        rate += _drift(t, _unwrapped(t, shared.isn, flow, rate), flow)
    slopes, spread = _slopes(t, _unwrapped(t, shared.isn, flow, rate), flow)
    if not len(slopes):
        return None
    low, middle, high = (rate + slope for slope in _quantiles(slopes, spread))
    return _measured(shared, (low, middle, high))


def residuals(samples: Samples, per_second: float) -> Floats:
    """How far each number is from its 4-tuple's line, signed."""
    left: Floats = signed(samples.isn - per_second * samples.seconds)
    for flow in np.unique(samples.flow):
        own = samples.flow == flow
        centred = signed(left[own] - left[own][0])
        left[own] = signed(centred - np.median(centred))
    return left


def _measured(shared: Samples, rates: tuple[float, float, float]) -> Clock:
    low, rate, high = rates
    left = residuals(shared, rate)
    far = np.abs(left)
    return Clock(
        per_second=rate,
        low=low,
        high=high,
        aligned=float(abs(np.exp(2j * np.pi * left / SPACE).mean())),
        residual=float(np.median(far)),
        residual95=float(np.quantile(far, 0.95)),
        samples=len(far),
    )


def _first_guess(t: Floats, isn: Ints, flow: Ints) -> float:
    """From the shortest gaps: there the clock has not come round unseen."""
    order = np.lexsort((t, flow))
    same = np.diff(flow[order]) == 0
    gaps, steps = np.diff(t[order])[same], signed(np.diff(isn[order]))[same]
    some = gaps > 0
    gaps, steps = gaps[some], steps[some]
    if not len(gaps):
        return 0.0
    short = np.argsort(gaps)[: max(4, len(gaps) // 4)]
    return float(np.median(steps[short] / gaps[short]))


def _unwrapped(t: Floats, isn: Ints, flow: Ints, rate: float) -> Floats:
    """What is left of the numbers without the line, each 4-tuple's followed round the circle."""
    left = np.empty(len(t))
    for one in range(flow.max() + 1):
        own = flow == one
        left[own] = np.unwrap((isn[own] - rate * t[own]) % SPACE, period=SPACE)
    return left


def _drift(t: Floats, left: Floats, flow: Ints) -> float:
    """The least-squares slope of what is left, with an offset a 4-tuple."""
    count = np.bincount(flow)
    t = t - (np.bincount(flow, t) / count)[flow]
    left = left - (np.bincount(flow, left) / count)[flow]
    return float((t * left).sum() / spread) if (spread := (t * t).sum()) else 0.0


def _slopes(t: Floats, left: Floats, flow: Ints) -> tuple[Floats, float]:
    """The slopes of all pairs on one 4-tuple, sorted, and the variance of Kendall's S."""
    found, variance = [np.empty(0)], 0.0
    for one in range(flow.max() + 1):
        own = np.flatnonzero(flow == one)
        own = own[:: -(-len(own) // _PAIRED)]
        first, second = np.triu_indices(len(own), 1)
        apart = t[own][second] - t[own][first]
        some = apart > 0
        found.append((left[own][second] - left[own][first])[some] / apart[some])
        variance += len(own) * (len(own) - 1) * (2 * len(own) + 5) / 18
    return np.sort(np.concatenate(found)), variance


def _quantiles(slopes: Floats, variance: float) -> tuple[float, float, float]:
    """The lower end, the median, the upper end."""
    reach = _Z95 * math.sqrt(variance)
    last = len(slopes) - 1
    low, high = (len(slopes) - reach) / 2, (len(slopes) + reach) / 2
    lower, upper = max(0, math.floor(low)), min(last, math.ceil(high))
    return float(slopes[lower]), float(np.median(slopes)), float(slopes[upper])
