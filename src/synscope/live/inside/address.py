"""Addresses as people write them."""

import socket

_IPV4_BYTES = 4


def text_of(packed: bytes) -> str:
    """`127.0.0.1`, `2001:db8::1`, `::ffff:127.0.0.1` for 4 or 16 bytes in network order."""
    family = socket.AF_INET if len(packed) == _IPV4_BYTES else socket.AF_INET6
    return socket.inet_ntop(family, packed)
