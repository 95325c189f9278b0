"""A TCP header's bytes, parsed (RFC 9293 section 3.1)."""

import struct

import msgspec

from synscope.tcp.options import parse_options

FIN, SYN, RST, PSH, ACK = 0x01, 0x02, 0x04, 0x08, 0x10

MINIMUM = 20
_LETTERS = "FSRP.UEWe"  # tcpdump's, from the lowest bit up (print-tcp.c); `e` is RFC 9768's AE


class TcpHeader(msgspec.Struct, frozen=True, kw_only=True):
    """The fields of a header; `bits` are the nine flags as a number, `flags` as tcpdump writes them.

    `window` is the field as sent, unscaled. `options` is None when the header was cut before their end.
    """

    source_port: int
    target_port: int
    seq: int
    ack: int
    bits: int
    flags: str
    window: int
    options: dict[str, object] | None


def flag_letters(bits: int) -> str:
    """Flags as tcpdump writes them: `S`, `S.`, `.`, `R.`, `P.`, `none`."""
    return "".join(letter for at, letter in enumerate(_LETTERS) if bits >> at & 1) or "none"


def parse_header(data: bytes) -> TcpHeader | None:
    """The header at the start of `data`; None when its fixed 20 bytes are not all there. Never raises."""
    if len(data) < MINIMUM:
        return None
    source, target, seq, ack, word, window = struct.unpack_from("!HHIIHH", data)
    bits = word & 0x1FF
    return TcpHeader(
        source_port=source,
        target_port=target,
        seq=seq,
        ack=ack,
        bits=bits,
        flags=flag_letters(bits),
        window=window,
        options=_options(data, (word >> 12) * 4),
    )


def _options(data: bytes, length: int) -> dict[str, object] | None:
    if length < MINIMUM:  # a data offset below five words is no header
        return {"malformed": True}
    return parse_options(data[MINIMUM:length]) if length <= len(data) else None
