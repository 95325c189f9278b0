"""IP packets as a wire's handler sees them, and such as it makes itself."""

import socket
import struct
from typing import NamedTuple

_TCP = 6
_LETTERS = "FSRPAUEC"
_MINIMUM = 20


class Packet(NamedTuple):
    """An IP packet on a wire: towards which of its hosts (0 near, 1 far), and how many seconds late."""

    to: int
    data: bytes
    after: float = 0.0

    @property
    def is_tcp(self) -> bool:
        """Whether it is a TCP segment, IPv4 or IPv6 without extension headers, not a later fragment."""
        if len(self.data) < _MINIMUM:
            return False
        protocol = self.data[6] if self._is_ipv6 else self.data[9]
        return protocol == _TCP and len(self.data) >= self.tcp + _MINIMUM

    @property
    def _is_ipv6(self) -> bool:
        return self.data[0] >> 4 == 6

    @property
    def tcp(self) -> int:
        """Where the TCP header begins."""
        return 40 if self._is_ipv6 else (self.data[0] & 15) * 4

    @property
    def flags(self) -> str:
        """`S`, `SA`, `A`, `R`, `RA`, …: the letters of tcpdump's order FSRPAUEC."""
        bits = self.data[self.tcp + 13]
        return "".join(letter for bit, letter in enumerate(_LETTERS) if bits >> bit & 1)

    @property
    def ports(self) -> tuple[int, int]:
        """Source and destination."""
        source, target = struct.unpack_from("!HH", self.data, self.tcp)
        return source, target

    @property
    def numbers(self) -> tuple[int, int]:
        """Sequence number and acknowledgement."""
        seq, ack = struct.unpack_from("!II", self.data, self.tcp + 4)
        return seq, ack

    @property
    def addresses(self) -> tuple[str, str]:
        """Source and destination."""
        family, start, size = (socket.AF_INET6, 8, 16) if self._is_ipv6 else (socket.AF_INET, 12, 4)
        source, target = (self.data[at : at + size] for at in (start, start + size))
        return socket.inet_ntop(family, source), socket.inet_ntop(family, target)

    def with_tcp(self, segment: bytes) -> "Packet":
        """The same IP header around another TCP segment (header and data); all checksums made anew."""
        head = bytearray(self.data[: self.tcp])
        if self._is_ipv6:
            struct.pack_into("!H", head, 4, len(segment))
            pseudo = bytes(head[8:40]) + struct.pack("!IxxxB", len(segment), _TCP)
        else:
            struct.pack_into("!H", head, 2, len(head) + len(segment))
            struct.pack_into("!H", head, 10, 0)
            struct.pack_into("!H", head, 10, _checksum(bytes(head)))
            pseudo = bytes(head[12:20]) + struct.pack("!xBH", _TCP, len(segment))
        whole = bytearray(segment)
        struct.pack_into("!H", whole, 16, 0)
        struct.pack_into("!H", whole, 16, _checksum(pseudo + bytes(whole)))
        return self._replace(data=bytes(head + whole))

    def answer(self, flags: str, seq: int, ack: int) -> "Packet":
        """A bare segment back to where this one came from."""
        size = 16 if self._is_ipv6 else 4
        start = 8 if self._is_ipv6 else 12
        source, target = (self.data[at : at + size] for at in (start, start + size))
        head = self.data[:start] + target + source
        head += self.data[len(head) : self.tcp]
        own, other = self.ports
        bits = sum(1 << _LETTERS.index(letter) for letter in flags)
        numbers = (seq & 0xFFFFFFFF, ack & 0xFFFFFFFF)
        segment = struct.pack("!HHIIBBHHH", other, own, *numbers, 5 << 4, bits, 64240, 0, 0)
        return Packet(1 - self.to, head + self.data[self.tcp :]).with_tcp(segment)


def _checksum(data: bytes) -> int:
    """The Internet checksum (RFC 1071)."""
    padded = data + b"\0" * (len(data) % 2)
    total: int = sum(struct.unpack(f"!{len(padded) // 2}H", padded))
    while total >> 16:
        total = (total & 0xFFFF) + (total >> 16)
    return ~total & 0xFFFF
