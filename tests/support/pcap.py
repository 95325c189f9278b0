"""A capture, read by scapy: somebody else's parser than the one under test."""

from pathlib import Path
from typing import Any, NamedTuple

from scapy.layers.inet import IP, TCP
from scapy.layers.inet6 import IPv6
from scapy.utils import PcapReader

_NAMES = {"MSS": "mss", "WScale": "wscale", "SAckOK": "sack_ok", "Timestamp": "timestamp"}
_SHORT = {"SA": "S.", "S": "S", "A": ".", "R": "R", "RA": "R.", "FA": "F.", "PA": "P."}


class Packet(NamedTuple):
    """One captured TCP segment; `options` by synscope's names, `flags` as tcpdump writes them.

    `t_ns`: of the wall clock, in whole µs.
    """

    source: tuple[str, int]
    target: tuple[str, int]
    flags: str
    seq: int
    ack: int | None
    window: int
    options: dict[str, Any]
    payload: int
    t_ns: int = 0

    @property
    def ends(self) -> tuple[int, int]:
        """Source and destination port."""
        return self.source[1], self.target[1]


def packets(path: Path) -> list[Packet]:
    """The capture's TCP segments in order."""
    with PcapReader(str(path)) as reader:
        return [_packet(frame) for frame in reader if TCP in frame]


def _packet(frame: Any) -> Packet:
    tcp, ip = frame[TCP], frame[IP] if IP in frame else frame[IPv6]
    flags = str(tcp.flags)
    return Packet(
        (ip.src, tcp.sport),
        (ip.dst, tcp.dport),
        _SHORT.get(flags, flags),
        tcp.seq,
        tcp.ack if "A" in flags else None,
        tcp.window,
        _options(tcp.options),
        len(tcp.payload),
        int(frame.time * 1_000_000) * 1000,
    )


def _options(found: list[tuple[Any, Any]]) -> dict[str, Any]:
    return {_NAMES.get(kind, str(kind)): _value(kind, value) for kind, value in found if kind != "NOP"}


def _value(kind: Any, value: Any) -> Any:
    if kind == "SAckOK":
        return True
    if kind == "Timestamp":
        return {"val": value[0], "ecr": value[1]}
    return value
