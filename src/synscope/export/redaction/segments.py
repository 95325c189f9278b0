"""A TCP header without what tells of addresses: its checksum, and options that hold some."""

from synscope.tcp.options import EOL, FASTOPEN_MAGIC, NOP

_CHECKSUM = slice(16, 18)
"""RFC 9293 section 3.1: it covers both addresses, and so tells their sum."""
_FIXED = 20
_MPTCP, _ADD_ADDR = 30, 3
"""RFC 8684 section 3.4.1."""
_HARMLESS = frozenset((2, 3, 4, 5, 8, 19, 29, 34, _MPTCP))
"""MSS, window scale, both of SACK, timestamps, MD5, TCP-AO, Fast Open."""
_EXPERIMENTAL = (253, 254)


def redacted(header: bytes, length: int) -> bytes:
    """The same header with a checksum of 0; all that is behind its `length` bytes becomes 0 too."""
    length = min(length, len(header))
    octets = bytearray(header[:length].ljust(len(header), b"\0"))
    octets[_CHECKSUM] = bytes(2)
    at = _FIXED
    while at + 1 < length and octets[at] != EOL:
        if octets[at] == NOP:
            at += 1
            continue
        size = max(octets[at + 1], 2)
        if _tells(octets, at):
            octets[at + 2 : min(at + size, length)] = bytes(max(0, min(at + size, length) - at - 2))
        at += size
    return bytes(octets)


def _tells(octets: bytearray, at: int) -> bool:
    """Whether the option there holds an address, or is one whose content is not known."""
    kind, value = octets[at], octets[at + 2 : at + 4].ljust(2, b"\0")
    if kind in _EXPERIMENTAL:
        return value != FASTOPEN_MAGIC
    return kind not in _HARMLESS or (kind == _MPTCP and value[0] >> 4 == _ADD_ADDR)
