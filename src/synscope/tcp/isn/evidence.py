"""Evidence for randomness: are the numbers spread evenly (χ²), and is there a clock in them (a spectrum)?"""

import math

import msgspec
import numpy as np

from synscope.tcp.isn.generators import SPACE
from synscope.tcp.isn.samples import Floats, Samples

FEWEST = 25
_MOST_BINS = 17
_EACH = 5  # expected in each bin at least, the usual rule for χ²
_FREQUENCIES = 4
_ENOUGH = 400


class Evenness(msgspec.Struct, frozen=True):
    """Pearson's χ² of the numbers in equal parts of the 2^32: `p` is how often chance does worse."""

    chi2: float
    freedom: int
    p: float
    samples: int


class Line(msgspec.Struct, frozen=True):
    """The strongest line in the spectrum of exp(2πi ISN / 2^32), on which a clock would be one line.

    Attributes:
        power: its share, 0 to 1.
        p: how often random numbers have one as strong.
    """

    power: float
    p: float


def evenness(numbers: Floats) -> Evenness | None:
    """None with too few numbers. The bins are odd: for even degrees of freedom p is a finite sum."""
    if len(numbers) < FEWEST:
        return None
    bins = min(_MOST_BINS, (len(numbers) // _EACH - 1) | 1)
    counts, _ = np.histogram(numbers % SPACE, bins=bins, range=(0, SPACE))
    expected = len(numbers) / bins
    chi2 = float(((counts - expected) ** 2).sum() / expected)
    return Evenness(chi2, bins - 1, chi2_tail(chi2, bins - 1), len(numbers))


def chi2_tail(chi2: float, freedom: int) -> float:
    """P(χ² ≥ chi2) for even degrees of freedom: a Poisson distribution's lower tail."""
    half = chi2 / 2
    return math.exp(-half) * sum(half**k / math.factorial(k) for k in range(freedom // 2))


def strongest_line(samples: Samples) -> Line | None:
    """Schuster's periodogram at times that need not be even; p from its exponential law (Scargle 1982)."""
    few = samples.chosen(slice(0, _ENOUGH))
    span = few.seconds[-1] if len(few.isn) else 0.0
    if len(few.isn) < FEWEST or span == 0:
        return None
    tried = _FREQUENCIES * len(few.isn)
    turns = np.arange(-tried // 2, tried // 2) / (2 * span)
    phase = np.exp(2j * np.pi * few.isn / SPACE)
    powers = np.abs(np.exp(-2j * np.pi * np.outer(turns, few.seconds)) @ phase / len(few.isn)) ** 2
    power = float(powers.max())
    return Line(power, -math.expm1(tried * math.log1p(-math.exp(-len(few.isn) * power))))
