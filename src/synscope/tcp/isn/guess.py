"""How hard the next initial sequence number is to guess for somebody who does not see it, in bits.

The guesser (Morris 1985, RFC 6528 section 1) connects once from an address of his own, reads that number,
and then sends a SYN in somebody else's name: he must acknowledge a SYN-ACK that he never sees. What he does
not know is how far the second number is from the first, beyond what the generator's rule tells him; the
shortest arc that holds 95 % of these differences is what he must try.

Only ISN + 1 is acceptable in SYN-RECEIVED (RFC 9293 section 3.10.7.4): the handshake has no window. Who
guesses into a connection that is already open needs only hit the receive window, of which 65,535 is the
largest without scaling.
"""

import math

import msgspec
import numpy as np

from synscope.tcp.isn.generators import SPACE
from synscope.tcp.isn.samples import Samples, arc, signed

WINDOW = 65_535
COOKIES_VALID = 8
"""SYN cookies that Linux takes of all 2^32: two minutes (MAX_SYNCOOKIE_AGE) times four MSS (msstab)."""
_FEWEST = 8
_SHARE = 0.95


class Guess(msgspec.Struct, frozen=True):
    """`handshake` bits for the ACK that ends a handshake, `window` bits to hit a window of 65,535."""

    handshake: float
    window: float


def guess(
    samples: Samples, per_second: float = 0.0, granule: int = 1, *, keyed: bool = False
) -> Guess | None:
    """From each number to the next; where the numbers are `keyed`, from one 4-tuple to another only.

    None with too few samples. `granule`: what all steps are multiples of.
    """
    seconds = np.diff(samples.seconds)
    errors = signed(np.diff(samples.isn) - per_second * seconds)
    if keyed:
        errors = errors[np.diff(samples.flow) != 0]
    if len(errors) < _FEWEST:
        return None
    length = arc(errors, _SHARE)[1] / _SHARE
    return _guess(min(length / granule + 1, SPACE), granule)


def guess_cookie() -> Guess:
    """Of a Linux SYN cookie: any of the valid ones will do, and they lie apart."""
    return _guess(SPACE / COOKIES_VALID, 1)


def _guess(candidates: float, granule: int) -> Guess:
    """Numbers that lie further apart than the window is wide must be tried one by one."""
    windows = max(1.0, candidates * min(1.0, granule / WINDOW))
    return Guess(math.log2(candidates), math.log2(windows))
