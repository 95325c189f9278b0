"""Blocks of pcapng, little-endian (draft-ietf-opsawg-pcapng), and packets that begin with a TCP header.

What was captured of a segment begins behind its IP header. LINKTYPE_WIRESHARK_UPPER_PDU is the link type
for that: tags with the addresses, then the bytes (Wireshark, wsutil/exported_pdu_tlvs.h).
"""

from __future__ import annotations

import struct
from collections.abc import Iterable, Sequence

LINKTYPE = 252
"""LINKTYPE_WIRESHARK_UPPER_PDU."""

INBOUND, OUTBOUND = 1, 2
"""The direction in epb_flags."""

_SECTION, _INTERFACE, _PACKET = 0x0A0D0D0A, 1, 6
_COMMENT, _END = 1, 0
_HARDWARE, _OS, _APPLICATION = 2, 3, 4
_NAME, _DESCRIPTION, _RESOLUTION = 2, 3, 9
_FLAGS, _PACKET_ID = 2, 5
_NANOSECONDS = b"\x09"
_LONGEST = 16_000
"""Characters of an option's text: its length has 16 bits, and a character up to four bytes."""

_DISSECTOR, _PROTOCOL_COLUMN = 12, 33
_ADDRESSES = {4: (20, 21), 16: (22, 23)}
"""Tags of source and target, by the length of an address."""


def section(hardware: str, system: str, application: str) -> bytes:
    """The block that a file begins with."""
    about = [_text(_HARDWARE, hardware), _text(_OS, system), _text(_APPLICATION, application)]
    return _block(_SECTION, struct.pack("<IHHq", 0x1A2B3C4D, 1, 0, -1), about)


def interface(name: str, description: str) -> bytes:
    """An interface whose packets have times in ns; they are counted from 0 in the order of their blocks."""
    fixed = struct.pack("<HHI", LINKTYPE, 0, 0)
    about = [_text(_NAME, name), _text(_DESCRIPTION, description), _option(_RESOLUTION, _NANOSECONDS)]
    return _block(_INTERFACE, fixed, about)


def packet(
    on: int, t_ns: int, data: bytes, *, beyond: int, direction: int, identity: int, comments: Iterable[str]
) -> bytes:
    """One packet on interface `on`; `t_ns` of the wall clock.

    `beyond`: bytes that it had on the wire after `data`. `identity`: the same for one segment seen twice.
    """
    t_ns %= 1 << 64  # a foreign file's times may be anything
    length = len(data)
    fixed = struct.pack("<IIIII", on, t_ns >> 32, t_ns & 0xFFFFFFFF, length, length + beyond)
    about = [_text(_COMMENT, comment) for comment in comments]
    about += [_option(_FLAGS, struct.pack("<I", direction)), _option(_PACKET_ID, struct.pack("<Q", identity))]
    return _block(_PACKET, fixed + _padded(data), about)


def tcp(source: bytes, target: bytes, header: bytes) -> bytes:
    """A packet's bytes: a TCP header between two addresses (4 or 16 bytes each)."""
    return _between("tcp", source, target) + _tag(0, b"") + header


def arrival(source: bytes, target: bytes, header: bytes) -> bytes:
    """The same where it was received.

    Named so, and not for Wireshark to read as TCP: it would take it for sent again, in every version whose
    conversations do not tell interfaces apart.
    """
    return _between("data", source, target) + _tag(_PROTOCOL_COLUMN, b"arrival\0") + _tag(0, b"") + header


def _between(dissector: str, source: bytes, target: bytes) -> bytes:
    tags = _ADDRESSES[len(source)]
    return _tag(_DISSECTOR, dissector.encode()) + _tag(tags[0], source) + _tag(tags[1], target)


def _tag(kind: int, value: bytes) -> bytes:
    padded = _padded(value)
    return struct.pack(">HH", kind, len(padded)) + padded


def _text(code: int, text: str) -> bytes:
    return _option(code, text[:_LONGEST].encode("utf-8", "replace"))


def _option(code: int, value: bytes) -> bytes:
    return struct.pack("<HH", code, len(value)) + _padded(value)


def _block(kind: int, fixed: bytes, options: Sequence[bytes]) -> bytes:
    body = fixed + b"".join(options) + _option(_END, b"")
    length = struct.pack("<I", len(body) + 12)
    return struct.pack("<I", kind) + length + body + length


def _padded(data: bytes) -> bytes:
    return data + bytes(-len(data) % 4)
