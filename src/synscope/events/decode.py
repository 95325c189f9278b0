"""Vectorised helpers over rows of `wire.HALF`: what is done to all of them before any is an object."""

import ipaddress
from functools import lru_cache

import numpy as np
import numpy.typing as npt

from synscope.events.trace import Rows
from synscope.events.wire import MILESTONE, MILESTONES

U64 = npt.NDArray[np.uint64]

AF_INET, AF_INET6 = 2, 10

# Bytes 8..15 of a v4-mapped address, ::ffff:a.b.c.d (RFC 4291 section 2.5.5.2), as a little-endian
# word: the address is in the upper half.
_MAPPED = np.uint64(0xFFFF0000)
_MAPPED_PREFIX = bytes(10) + b"\xff\xff"
_LOW = np.uint64(0xFFFFFFFF)
_HALF_WORD = np.uint64(32)
_SPREAD = np.uint64(0x9E3779B97F4A7C15)  # 2^64 over the golden ratio


def latest(halves: Rows) -> Rows:
    """One row per half (cookie and attempt): the last, which is a superset of those before it.

    Rows without a cookie are all kept. The order is that of the rows kept. Without repetitions the
    input itself is returned, uncopied.
    """
    key = _identity(halves)
    ordered = np.sort(key)
    if not (ordered[1:] == ordered[:-1]).any():
        return halves
    order = np.argsort(key, kind="stable")
    ends = np.append(key[order][1:] != key[order][:-1], True)
    kept: Rows = halves[np.sort(order[ends])]
    return kept


def _identity(halves: Rows) -> U64:
    """Cookies count sockets since boot, so their upper byte is free for the attempt.

    A decided half leaves its slot, and with it the count of attempts: the time of connect() tells two
    attempts on one socket apart.
    """
    key: U64 = halves["cookie"] << np.uint64(8)
    key |= halves["attempt"]
    key ^= halves["t"][:, MILESTONE["connect"]] * _SPREAD
    unknown = np.flatnonzero(halves["cookie"] == 0)
    key[unknown] = np.uint64(2**64 - 1) - unknown.astype(np.uint64)
    return key


def canonical(addresses: Rows, family: Rows) -> tuple[U64, U64]:
    """Addresses (a column of 16 bytes each) as two words each, AF_INET as its v4-mapped AF_INET6.

    So that the two ends of a connection between an AF_INET and a dual-stack AF_INET6 socket compare
    equal. An unknown family gives the bytes as they are.
    """
    words = np.ascontiguousarray(addresses).view("<u8").reshape(-1, 2)
    inet = family == AF_INET
    high = np.where(inet, np.uint64(0), words[:, 0])
    low = np.where(inet, ((words[:, 0] & _LOW) << _HALF_WORD) | _MAPPED, words[:, 1])
    return high, low


def is_v4(high: U64, low: U64) -> npt.NDArray[np.bool_]:
    """Which canonical addresses are IPv4 ones, mapped or not."""
    v4: npt.NDArray[np.bool_] = (high == 0) & ((low & _LOW) == _MAPPED)
    return v4


def is_loopback(high: U64, low: U64) -> npt.NDArray[np.bool_]:
    """Which canonical addresses are 127.0.0.0/8 or ::1."""
    first = (low >> _HALF_WORD) & np.uint64(0xFF)
    six: npt.NDArray[np.bool_] = (high == 0) & (low == np.uint64(1 << 56))
    six |= is_v4(high, low) & (first == 127)
    return six


def first_seen(halves: Rows) -> U64:
    """When each half was first seen, ns: its earliest milestone; the greatest number where it has none."""
    times = halves["t"][:, : len(MILESTONES)]
    first: U64 = np.where(times == 0, np.uint64(2**64 - 1), times).min(axis=1, initial=np.uint64(2**64 - 1))
    return first


@lru_cache(4096)
def address_text(address: bytes, family: int) -> str | None:
    """One address as text, a v4-mapped one as plain IPv4; None for an unknown family."""
    if family == AF_INET:
        return str(ipaddress.IPv4Address(address[:4]))
    if family != AF_INET6:
        return None
    v6 = ipaddress.IPv6Address(address[:16])
    return str(v6.ipv4_mapped or v6)


def is_mapped(address: bytes, family: int) -> bool:
    """True for ::ffff:a.b.c.d on an AF_INET6 socket (RFC 4291 section 2.5.5.2)."""
    return family == AF_INET6 and address.startswith(_MAPPED_PREFIX)
