"""SYNs from nobody: their fields and checksums."""

import socket

from synscope.lab.stage.packets import Packet
from synscope.lab.stage.strangers import syn


def ones_complement_sum(data: bytes) -> int:
    total = sum(int.from_bytes(data[at : at + 2], "big") for at in range(0, len(data), 2))
    while total >> 16:
        total = (total & 0xFFFF) + (total >> 16)
    return total


def test_it_is_a_syn_between_these_ends() -> None:
    packet = Packet(0, syn(("192.0.2.100", 40000), ("192.0.2.2", 8080)))
    assert packet.is_tcp and packet.flags == "S"
    assert packet.addresses == ("192.0.2.100", "192.0.2.2")
    assert packet.ports == (40000, 8080)


def test_both_checksums_are_right() -> None:
    """RFC 1071: what is summed up with its checksum is all ones."""
    data = syn(("192.0.2.100", 40000), ("192.0.2.2", 8080))
    pseudo = data[12:20] + bytes([0, socket.IPPROTO_TCP]) + (len(data) - 20).to_bytes(2, "big")
    assert ones_complement_sum(data[:20]) == 0xFFFF
    assert ones_complement_sum(pseudo + data[20:]) == 0xFFFF
