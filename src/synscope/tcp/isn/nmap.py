"""nmap's measures of initial sequence numbers, as its book describes them ("TCP/IP Fingerprinting Methods").

nmap takes six, 100 ms apart, each on another source port, and says nothing with fewer than four
(osscan2.cc, makeTSeqFP). Of each two neighbours it takes the shorter way round:

    GCD   the greatest common divisor of these differences
    ISR   8 times log2 of their mean rate, per second; 0 for a rate below 1
    SP    8 times log2 of the rates' standard deviation, the rates divided by GCD first if that is above 9;
          0 for a deviation of 1 or less
"""

import math

import msgspec
import numpy as np

from synscope.tcp.isn.samples import Floats, Samples, signed

PROBES = 6
APART_NS = 100_000_000
_FEWEST = 4


class Nmap(msgspec.Struct, frozen=True, rename={"gcd": "GCD", "isr": "ISR", "sp": "SP"}):
    """nmap prints these as hexadecimal numbers."""

    gcd: int
    isr: int
    sp: int
    samples: int


def nmap(samples: Samples) -> Nmap | None:
    """Of six samples on 4-tuples of their own; None where fewer than four are 100 ms apart or more.

    What is nearer is left out: ISR and SP depend on how far apart the samples are.
    """
    six = _six(samples.first_of_each())
    if len(six.isn) < _FEWEST:
        return None
    steps = np.abs(signed(np.diff(six.isn)))
    rates = steps / (np.diff(six.t_ns) / 1e9)
    divisor = math.gcd(*steps.tolist())
    rate = float(rates.mean())
    return Nmap(divisor, _eighths(rate) if rate >= 1 else 0, _sp(rates, divisor), len(six.isn))


def _six(samples: Samples) -> Samples:
    """The first six, or fewer, that are 100 ms apart or more."""
    taken: list[int] = []
    for at, t in enumerate(samples.t_ns.tolist()):
        if len(taken) < PROBES and (not taken or t >= samples.t_ns[taken[-1]] + APART_NS):
            taken.append(at)
    return samples.chosen(np.array(taken, dtype=np.int64))


def _sp(rates: Floats, divisor: int) -> int:
    deviation = float((rates / divisor if divisor > 9 else rates).std(ddof=1))
    return _eighths(deviation) if deviation > 1 else 0


def _eighths(value: float) -> int:
    return round(8 * math.log2(value))
