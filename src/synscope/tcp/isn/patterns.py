"""Patterns that tell one generator from another: cookies, steps, and whether time or connections count."""

import math
from typing import Literal

import msgspec
import numpy as np

from synscope.tcp.isn.clock import EACH, FEWEST, Clock, residuals
from synscope.tcp.isn.generators import BSD_STEP, SPACE
from synscope.tcp.isn.samples import Floats, Ints, Samples

_MINUTE_NS = 60_000_000_000
_BETTER = 2.0
_MOST = 0.75


class Steps(msgspec.Struct, frozen=True):
    """How much more each connection's number is than the one's before it, modulo 2^32.

    Attributes:
        divisor: the greatest common one.
    """

    least: int
    mean: float
    most: int
    divisor: int


def steps(samples: Samples) -> Steps:
    """Of two numbers or more."""
    each = (np.diff(samples.isn) % SPACE).tolist()
    return Steps(min(each), sum(each) / len(each), max(each), math.gcd(*each))


def is_bsd(samples: Samples) -> bool:
    """Multiples of 64,000: one or more a connection, and at least about two more a second."""
    found = steps(samples)
    if found.divisor % BSD_STEP:
        return False
    count = len(samples.isn) - 1
    by_time = found.mean * count / BSD_STEP - count
    return bool(found.least >= BSD_STEP and by_time >= 2 * samples.seconds[-1] - 2 and by_time > 0)


def are_cookies(samples: Samples) -> bool:
    """The client's number plus a constant, on each 4-tuple and within each minute (net/ipv4/syncookies.c).

    Not each of them need be: nf_synproxy shifts some where it remembers the connection before. Only where the
    server itself was not seen: two ends with the same clock can be as far apart each time.
    """
    told = samples.chosen((samples.other >= 0) & (samples.cookie < 0)).repeated(EACH)
    if len(told.isn) < FEWEST or 2 * len(np.unique(told.other)) <= len(told.isn):
        return False
    held = sum(_in_step(told.chosen(told.flow == flow)) for flow in np.unique(told.flow))
    return held >= _MOST * len(told.isn)


def _in_step(samples: Samples) -> int:
    """How many numbers of a 4-tuple are the client's plus one of the constants, which may be one a minute."""
    minutes = 1 + math.ceil((samples.t_ns[-1] - samples.t_ns[0]) / _MINUTE_NS)
    _, counts = np.unique((samples.isn - samples.other) % SPACE, return_counts=True)
    often = np.sort(counts)[-minutes:]
    return int(often[often >= EACH].sum())


def cause(samples: Samples, places: Ints, line: Clock) -> Literal["time", "count", "unclear"]:
    """Whether the numbers follow the time, or the `places` of their connections in the order of all."""
    t = samples.seconds
    grown = line.per_second * t + residuals(samples, line.per_second)
    by_time, by_count = _left(t, grown, samples.flow), _left(places.astype(np.float64), grown, samples.flow)
    if by_time * _BETTER <= by_count:
        return "time"
    return "count" if by_count * _BETTER <= by_time else "unclear"


def _left(cause: Floats, effect: Floats, flow: Ints) -> float:
    """What a straight line of `cause` leaves of `effect`, root mean square, with an offset a 4-tuple."""
    at = np.unique(flow, return_inverse=True)[1]
    cause, effect = (x - (np.bincount(at, x) / np.bincount(at))[at] for x in (cause, effect))
    slope = (cause * effect).sum() / (cause * cause).sum()
    return float(np.sqrt(((effect - slope * cause) ** 2).mean()))
