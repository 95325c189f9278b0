"""The two ends of halves and segments as columns that compare quickly.

An end is an address and a port. Ends are hashed to find candidates and compared in full to accept
them, so that a collision of hashes costs time and never makes a pair.
"""

from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt

from synscope.events.decode import U64, canonical, is_loopback
from synscope.events.trace import Rows
from synscope.events.wire import HEADER

# Odd constants with well spread bits (splitmix64).
_MULTIPLY = np.uint64(0xBF58476D1CE4E5B9)
_FINISH = np.uint64(0x94D049BB133111EB)
_SHIFT = np.uint64(31)


def mix(seed: U64, value: U64) -> U64:
    """A hash of both, 64 bits, column by column."""
    mixed: U64 = (seed ^ value) * _MULTIPLY
    mixed ^= mixed >> _SHIFT
    mixed *= _FINISH
    mixed ^= mixed >> _SHIFT
    return mixed


class Ends(NamedTuple):
    """Ends of n halves or segments: columns (high, low, port) of the near and of the far one.

    Attributes:
        scope: the network namespace where the address means something only within it, else 0.
        forward, backward: hashes of near → far and of far → near, within the scope.
        same: near and far are one (a socket connected to itself).
    """

    near: tuple[U64, U64, U64]
    far: tuple[U64, U64, U64]
    scope: U64
    forward: U64
    backward: U64
    same: npt.NDArray[np.bool_]

    def mirrored(self, left: npt.NDArray[np.intp], right: npt.NDArray[np.intp]) -> npt.NDArray[np.bool_]:
        """Which rows `left[i]` and `right[i]` are each other's mirror."""
        equal: npt.NDArray[np.bool_] = self.scope[left] == self.scope[right]
        for mine, theirs in ((self.near, self.far), (self.far, self.near)):
            for one, other in zip(mine, theirs, strict=True):
                equal &= one[left] == other[right]
        return equal


def ends_of(halves: Rows) -> Ends:
    """The ends of halves, the local one as the near one."""
    return _ends(halves, ("local", "remote"), halves["lport"], halves["rport"])


def ends_of_segments(events: Rows) -> Ends:
    """The ends of segments, the sender as the near one; ports are the first four bytes of the header."""
    ports = np.ascontiguousarray(events["header"]).view(">u2").reshape(-1, HEADER // 2)
    return _ends(events, ("saddr", "daddr"), ports[:, 0], ports[:, 1])


def _ends(rows: Rows, names: tuple[str, str], near_port: Any, far_port: Any) -> Ends:
    family = rows["family"]
    near = (*canonical(rows[names[0]], family), near_port.astype(np.uint64))
    far = (*canonical(rows[names[1]], family), far_port.astype(np.uint64))
    same_address = (near[0] == far[0]) & (near[1] == far[1])
    # What a host says to itself never leaves its network namespace, and every namespace has a 127.0.0.1.
    inside = same_address | is_loopback(near[0], near[1]) | is_loopback(far[0], far[1])
    scope: U64 = np.where(inside, rows["netns"], 0).astype(np.uint64)
    return Ends(
        near, far, scope, _hash(scope, near, far), _hash(scope, far, near), same_address & (near[2] == far[2])
    )


def _hash(scope: U64, source: tuple[U64, U64, U64], target: tuple[U64, U64, U64]) -> U64:
    key = mix(source[0], source[1])
    key = mix(key, target[0])
    key = mix(key, target[1])
    return mix(key, (source[2] << np.uint64(48)) | (target[2] << np.uint64(32)) | scope)
