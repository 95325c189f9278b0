"""The generators of initial sequence numbers that TCPs have had, each as a function of what it depends on.

All return a sequence number, 0 to 2^32 - 1. Times are ns of whatever clock the host has.

    constant          the same number for every connection (printers, and other embedded TCPs)
    rfc793            a clock: RFC 793 section 3.3
    bsd44             a counter that time and connections raise: 4.4BSD, tcp_slowtimo() and tcp_usrreq()
    small_increment   a counter that only connections raise
    rfc6528           a clock, plus a keyed hash of the 4-tuple: RFC 6528 section 3 (and RFC 1948 before it)
    random            no rule at all
    syn_cookie        what a server sends that keeps nothing of the SYN: net/ipv4/syncookies.c

RFC 793's clock has "roughly" one step each 4 µs, 250,000 a second: it comes round after 4.77 hours. (The RFC
says 4.55, which is 2^32 steps at 2^18 a second.) Linux has one step each 64 ns and comes round after 4.6
minutes (`seq_scale()` in net/core/secure_seq.c); its hash is SipHash.
"""

from hashlib import blake2s

SPACE = 1 << 32
"""Sequence numbers are counted modulo this (RFC 9293 section 3.4)."""

RFC793_TICK_NS = 4_000
LINUX_TICK_NS = 64
BSD_STEP = 64_000
BSD_SLOW_NS = 500_000_000
_MINUTE_NS = 60_000_000_000


def rfc793(now_ns: int, tick_ns: int = RFC793_TICK_NS) -> int:
    """A clock that all connections share: who connects once knows the next one's number."""
    return now_ns // tick_ns % SPACE


def bsd44(uptime_ns: int, connections: int) -> int:
    """1 at boot, 64,000 more each half second and for each connection.

    Stevens (TCP/IP Illustrated, volume 1, section 18.2) has it come round after about 9.5 hours: so it does
    at 8 µs a step. With 64,000 each half second (`TCP_ISSINCR / PR_SLOWHZ`) it is 9.32 hours.
    """
    return (1 + BSD_STEP * (uptime_ns // BSD_SLOW_NS + connections)) % SPACE


def small_increment(before: int, step: int) -> int:
    """The last connection's number and a little more."""
    return (before + step) % SPACE


def rfc6528(now_ns: int, flow: bytes, key: bytes, tick_ns: int = RFC793_TICK_NS) -> int:
    """ISN = M + F(4-tuple, key): on one 4-tuple a clock, and on two 4-tuples nothing to do with each other.

    RFC 6528 suggests MD5 for F, Linux takes SipHash: whoever has no key cannot tell them apart.
    """
    return (now_ns // tick_ns + keyed_hash(flow, key)) % SPACE


def syn_cookie(now_ns: int, flow: bytes, key: bytes, client_isn: int, mss_index: int = 3) -> int:
    """Linux's: two hashes of the 4-tuple, the minute, the client's number, and which of four MSS is meant.

    On one 4-tuple and within a minute it is the client's number plus a constant.
    """
    minute = now_ns // _MINUTE_NS
    low = keyed_hash(flow + minute.to_bytes(8, "big"), key) + mss_index
    return (keyed_hash(flow, key) + client_isn + (minute << 24) + (low & 0xFFFFFF)) % SPACE


def keyed_hash(flow: bytes, key: bytes) -> int:
    """32 bits of a hash of the 4-tuple that need a key."""
    return int.from_bytes(blake2s(flow, key=key, digest_size=4).digest(), "big")
