"""SYNs from addresses that are nobody's: their senders never answer, and no socket waits for an answer."""

import socket
import struct
from collections.abc import Iterable

from synscope.lab.stage.packets import Packet
from synscope.lab.stage.sockets import Address

_SYN = 0x02
_WINDOW = 64240
_FIRST_PORT = 40000


def send_syns(sources: Iterable[str], to: Address) -> int:
    """Send a SYN from each IPv4 address to one listener, in this process's namespace; how many it sent."""
    with socket.socket(socket.AF_INET, socket.SOCK_RAW, socket.IPPROTO_RAW) as raw:
        made = [syn((source, port), to) for port, source in enumerate(sources, _FIRST_PORT)]
        for packet in made:
            raw.sendto(packet, (to[0], 0))
    return len(made)


def syn(source: Address, to: Address) -> bytes:
    """An IPv4 packet with a SYN without options."""
    ends = (socket.inet_aton(host) for host, _ in (source, to))
    head = struct.pack("!BBHHHBBH4s4s", 0x45, 0, 0, 0, 0, 64, socket.IPPROTO_TCP, 0, *ends)
    segment = struct.pack("!HHIIBBHHH", source[1], to[1], source[1], 0, 5 << 4, _SYN, _WINDOW, 0, 0)
    return Packet(0, head).with_tcp(segment).data
