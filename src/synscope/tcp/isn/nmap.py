"""nmap's measures of initial sequence numbers, as its book describes them ("TCP/IP Fingerprinting Methods").

nmap takes six, 100 ms apart, each on another source port. Of each two it takes the shorter way round:

    GCD   the greatest common divisor of these differences
    ISR   8 times log2 of their mean rate, per second; 0 for a rate below 1
    SP    8 times log2 of the rates' standard deviation, the rates divided by GCD first if that is above 9;
          0 for a deviation of 1 or less; of at least four numbers
"""

import math

import msgspec
import numpy as np

from synscope.tcp.isn.samples import Floats, Samples, signed

PROBES = 6
APART_NS = 100_000_000
_FEWEST, _FEWEST_SP = 2, 4


class Nmap(msgspec.Struct, frozen=True, rename={"gcd": "GCD", "isr": "ISR", "sp": "SP"}):
    """nmap prints these as hexadecimal numbers; `sp` is None with fewer than four samples."""

    gcd: int
    isr: int
    sp: int | None
    samples: int


def nmap(samples: Samples) -> Nmap | None:
    """Of six samples; None with fewer than two."""
    six = _six(samples)
    if len(six.isn) < _FEWEST:
        return None
    steps = np.abs(signed(np.diff(six.isn)))
    rates = steps / (np.diff(six.t_ns) / 1e9)
    divisor = math.gcd(*steps.tolist())
    rate = float(rates.mean())
    return Nmap(divisor, _eighths(rate) if rate >= 1 else 0, _sp(rates, divisor), len(six.isn))


def _six(samples: Samples) -> Samples:
    """100 ms apart or more; where they are too few, from the whole series evenly."""
    taken: list[int] = []
    for at, t in enumerate(samples.t_ns.tolist()):
        if len(taken) < PROBES and (not taken or t >= samples.t_ns[taken[-1]] + APART_NS):
            taken.append(at)
    if len(taken) < PROBES:
        different = np.unique(samples.t_ns, return_index=True)[1]
        places = np.linspace(0, len(different) - 1, min(PROBES, len(different)))
        taken = different[places.round().astype(int)].tolist()
    return samples.chosen(np.array(taken, dtype=np.int64))


def _sp(rates: Floats, divisor: int) -> int | None:
    if len(rates) + 1 < _FEWEST_SP:
        return None
    deviation = float((rates / divisor if divisor > 9 else rates).std(ddof=1))
    return _eighths(deviation) if deviation > 1 else 0


def _eighths(value: float) -> int:
    return round(8 * math.log2(value))
