"""Which generator made the initial sequence numbers that were seen of a peer.

What is asked, in this order; the first yes decides:

1. Are they all the same?                                                      constant
2. Are they, on one 4-tuple, the client's number plus a constant?              syn-cookies
3. Taken together, whatever the 4-tuple, are they on a line?
   All steps multiples of 64,000, one a connection and two a second or more?   bsd44
   Does time explain them better than the count of connections?                rfc793, clock
   Or the count better than time?                                              small-increment
   Neither?                                                                    rising
4. Are those of one 4-tuple on a line, and all such lines parallel?            linux, rfc6528, keyed-counter
5. Did no 4-tuple come back often enough to ask that?                          unpredictable
6. Are they spread evenly, with no line in their spectrum?                     random; else unknown
"""

from typing import Literal

import msgspec
import numpy as np

from synscope.tcp.isn import guess as guessing
from synscope.tcp.isn.clock import EACH, FEWEST, Clock, clock
from synscope.tcp.isn.evidence import Evenness, Line, evenness, strongest_line
from synscope.tcp.isn.generators import BSD_STEP, LINUX_TICK_NS, RFC793_TICK_NS
from synscope.tcp.isn.guess import Guess
from synscope.tcp.isn.nmap import Nmap, nmap
from synscope.tcp.isn.patterns import Steps, are_cookies, cause, is_bsd, steps
from synscope.tcp.isn.samples import Samples

Generator = Literal[
    "constant",
    "rfc793",
    "clock",
    "bsd44",
    "small-increment",
    "rising",
    "linux",
    "rfc6528",
    "keyed-counter",
    "syn-cookies",
    "random",
    "unpredictable",
    "unknown",
    "too-few",
]
KEYED: tuple[Generator, ...] = ("linux", "rfc6528", "keyed-counter")
_UNTYPICAL = 1e-6


class Analysis(msgspec.Struct, frozen=True, kw_only=True):
    """What the numbers of one peer say; None where a measure says nothing about this generator.

    Attributes:
        samples, flows, repeated: connections, their different 4-tuples, and how many had the one used most.
        span_ns: from the first to the last.
        clock: the line, of all numbers or (keyed generators) of each 4-tuple's.
        even: χ² of the numbers, or of the 4-tuples' offsets from each other.
        cookies: how many of the numbers are said to be SYN cookies by the host that sent them.
        zero_windows: how many of the SYN-ACKs offered a window of 0.
    """

    generator: Generator
    samples: int
    flows: int
    repeated: int
    span_ns: int
    clock: Clock | None = None
    steps: Steps | None = None
    even: Evenness | None = None
    line: Line | None = None
    nmap: Nmap | None = None
    guess: Guess | None = None
    cookies: int = 0
    zero_windows: int = 0


def analyse(samples: Samples) -> Analysis:
    """Say which generator it is, with the evidence."""
    plain = samples.chosen(samples.cookie != 1) if _mixed(samples) else samples
    generator, line = _generator(plain)
    return Analysis(
        generator=generator,
        samples=len(samples.isn),
        flows=len(np.unique(samples.flow)),
        repeated=len(samples.most_used().isn) if len(samples.isn) else 0,
        span_ns=int(samples.t_ns[-1] - samples.t_ns[0]) if len(samples.isn) else 0,
        clock=line,
        steps=steps(plain) if generator in ("bsd44", "small-increment") else None,
        even=_even(plain, generator, line),
        line=_spectrum(plain, generator),
        nmap=nmap(plain),
        guess=_guess(plain, generator, line),
        cookies=int((samples.cookie == 1).sum()),
        zero_windows=int((samples.window == 0).sum()),
    )


def _mixed(samples: Samples) -> bool:
    """A listener sends cookies only while it is overrun: the other numbers are its generator's."""
    return int((samples.cookie != 1).sum()) >= FEWEST


def _generator(samples: Samples) -> tuple[Generator, Clock | None]:
    if len(samples.isn) < FEWEST:
        return "too-few", None
    if (samples.isn == samples.isn[0]).all():
        return "constant", None
    if (samples.cookie == 1).any() or are_cookies(samples):
        return "syn-cookies", None
    together = clock(samples.as_one_flow())
    if together is not None and together.follows:
        return _common(samples, together), together
    apart = clock(samples)
    if apart is not None and apart.follows:
        return _keyed(samples, apart), apart
    return _lawless(samples, repeated=apart is not None), None


def _common(samples: Samples, line: Clock) -> Generator:
    """Of numbers that are on one line, whatever their 4-tuples."""
    if is_bsd(samples):
        return "bsd44"
    by = cause(samples.as_one_flow(), np.arange(len(samples.isn)), line)
    if by == "count":
        return "small-increment"
    if by == "unclear":
        return "rising"
    shared = len(np.unique(samples.flow)) > 1
    return "rfc793" if shared and line.ticks_each(RFC793_TICK_NS) else "clock"


def _keyed(samples: Samples, line: Clock) -> Generator:
    """Of numbers that are on a line for each 4-tuple."""
    again = np.flatnonzero(np.isin(samples.flow, samples.repeated(EACH).flow))
    if cause(samples.chosen(again), again, line) == "count":
        return "keyed-counter"
    return "linux" if line.ticks_each(LINUX_TICK_NS) else "rfc6528"


def _lawless(samples: Samples, *, repeated: bool) -> Generator:
    """Of numbers on no line; `repeated`: 4-tuples came back often enough to show one."""
    even, line = evenness(samples.isn.astype(np.float64)), strongest_line(samples)
    if (even is not None and even.p < _UNTYPICAL) or (line is not None and line.p < _UNTYPICAL):
        return "unknown"
    return "random" if repeated else "unpredictable"


def _even(samples: Samples, generator: Generator, line: Clock | None) -> Evenness | None:
    if generator in ("random", "unpredictable", "unknown"):
        return evenness(samples.isn.astype(np.float64))
    if generator in KEYED and line is not None:
        first = samples.first_of_each()
        return evenness(first.isn - line.per_second * first.seconds)
    return None


def _spectrum(samples: Samples, generator: Generator) -> Line | None:
    if generator in ("constant", "syn-cookies", "too-few"):
        return None
    again = samples.repeated(EACH)
    return strongest_line(samples.most_used() if generator in KEYED or len(again.isn) >= FEWEST else samples)


def _guess(samples: Samples, generator: Generator, line: Clock | None) -> Guess | None:
    if generator == "syn-cookies":
        return guessing.guess_cookie()
    if generator == "too-few":
        return None
    timed = line is not None and generator in ("rfc793", "clock", "rising")
    return guessing.guess(
        samples,
        line.per_second if timed and line is not None else 0.0,
        BSD_STEP if generator == "bsd44" else 1,
        keyed=generator in KEYED,
    )
