"""Pseudonyms of IP addresses, from the ranges that are kept for documentation."""

from collections.abc import Iterator
from ipaddress import IPv4Address, IPv6Address, ip_address, ip_network
from itertools import chain

import numpy as np
import numpy.typing as npt

from synscope.events.decode import AF_INET
from synscope.events.trace import Rows

Address = IPv4Address | IPv6Address

KEPT = frozenset(map(ip_address, ("0.0.0.0", "127.0.0.1", "255.255.255.255", "::", "::1")))  # noqa: S104
"""They say nothing about anyone, and what the kernel does depends on them."""

_RANGES = (
    ("127.0.0.0/8", ("127.0.0.0/8",)),
    ("169.254.0.0/16", ("169.254.0.0/16",)),
    ("224.0.0.0/4", ("233.252.0.0/24", "239.0.0.0/8")),
    ("0.0.0.0/0", ("192.0.2.0/24", "198.51.100.0/24", "203.0.113.0/24", "198.18.0.0/15", "240.0.0.0/4")),
    ("fe80::/10", ("fe80::/64",)),
    ("ff00::/8", ("ff0e::db8:0:0/96",)),
    ("::/0", ("2001:db8::/32",)),
)
"""An address becomes one of the ranges beside the first network that holds it: of documentation (RFC 5737,
3849, 6676), then of benchmarks (2544) and reserved. The kernel treats each of these kinds in its own way.
"""
_COLUMN = 16


class Addresses:
    """Gives each address one pseudonym, in the order in which they come."""

    def __init__(self) -> None:
        self._kinds = [(ip_network(kind), _pool(ranges)) for kind, ranges in _RANGES]
        self._known: dict[Address, Address] = {address: address for address in KEPT}

    def of(self, address: Address) -> Address:
        """The pseudonym: of a v4-mapped address, the mapped one of its IPv4 address."""
        if isinstance(address, IPv6Address) and address.ipv4_mapped is not None:
            return IPv6Address(f"::ffff:{self.of(address.ipv4_mapped)}")
        found = self._known.get(address)
        if found is None:
            pool = next(pool for kind, pool in self._kinds if address in kind)
            found = self._known[address] = next(pool)
        return found

    def known(self) -> dict[Address, Address]:
        """Every address that came so far, with its pseudonym, and those that are kept."""
        return self._known

    def column(self, addresses: Rows, family: Rows) -> Rows:
        """Pseudonyms for a column of 16 bytes, as rows have it; of AF_INET the first four count."""
        octets = np.ascontiguousarray(addresses).view(np.uint8).reshape(-1, _COLUMN).copy()
        inet = family == AF_INET
        octets[inet, 4:] = 0
        keys = np.column_stack([octets, inet.astype(np.uint8)])
        _, first, inverse = np.unique(keys, axis=0, return_index=True, return_inverse=True)
        distinct: npt.NDArray[np.uint8] = np.empty((len(first), _COLUMN), np.uint8)
        for at in np.argsort(first):
            *content, is_inet = keys[first[at]].tolist()
            address = IPv4Address(bytes(content[:4])) if is_inet else IPv6Address(bytes(content))
            distinct[at] = np.frombuffer(self.of(address).packed.ljust(_COLUMN, b"\0"), np.uint8)
        column: Rows = distinct[inverse.reshape(-1)].view(addresses.dtype).reshape(-1)
        return column


def _pool(ranges: tuple[str, ...]) -> Iterator[Address]:
    """The addresses of some ranges, one after another, those of networks themselves after their hosts'."""
    for network in (ip_network(one) for one in ranges):
        first = int(network.network_address)
        for number in chain(range(first + 1, first + network.num_addresses), (first,)):
            address = type(network.network_address)(number)
            if address not in KEPT:
                yield address
