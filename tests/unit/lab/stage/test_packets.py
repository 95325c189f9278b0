"""Packets of a wire against scapy, which parses and sums them by itself."""

import pytest
from scapy.layers.inet import IP, TCP
from scapy.layers.inet6 import IPv6
from scapy.packet import Raw

from synscope.lab.stage.packets import Packet

ENDS = [(IP, "192.0.2.1", "192.0.2.2"), (IPv6, "2001:db8::1", "2001:db8::2")]
OPTIONS = [("MSS", 1460), ("SAckOK", b"")]


def made(layer, source, target, flags="S"):
    segment = TCP(sport=40000, dport=8080, seq=7, ack=9, flags=flags, options=OPTIONS)
    return Packet(1, bytes(layer(src=source, dst=target) / segment))


def parsed(layer, packet):
    """What scapy reads; its checksums are those that scapy would have written."""
    found = layer(packet.data)
    again = layer(packet.data)
    del again[TCP].chksum
    if layer is IP:
        del again.chksum
    assert bytes(again) == packet.data
    return found


@pytest.mark.parametrize(("layer", "source", "target"), ENDS)
def test_a_packet_is_read(layer, source, target):
    packet = made(layer, source, target, "SA")
    assert packet.is_tcp
    assert (packet.flags, packet.ports, packet.numbers) == ("SA", (40000, 8080), (7, 9))
    assert packet.addresses == (source, target)


@pytest.mark.parametrize(("layer", "source", "target"), ENDS)
def test_an_answer_goes_back(layer, source, target):
    answer = made(layer, source, target).answer("RA", 2**32, 8)
    found = parsed(layer, answer)
    assert answer.to == 0
    assert (found.src, found.dst, found[TCP].sport, found[TCP].dport) == (target, source, 8080, 40000)
    assert (found[TCP].flags, found[TCP].seq, found[TCP].ack) == ("RA", 0, 8)


@pytest.mark.parametrize(("layer", "source", "target"), ENDS)
def test_another_segment_is_summed_anew(layer, source, target):
    packet = made(layer, source, target)
    changed = bytes(TCP(sport=1, dport=2, flags="A")) + b"odd"
    found = parsed(layer, packet.with_tcp(changed))
    assert (found[TCP].sport, bytes(found[TCP].payload)) == (1, b"odd")


def test_what_is_no_tcp_is_not_taken_for_it():
    assert not Packet(0, b"").is_tcp
    assert not Packet(0, bytes(IP(proto=17) / Raw(b"x" * 40))).is_tcp
    assert not Packet(0, bytes(IPv6(nh=58) / Raw(b"x" * 40))).is_tcp
    assert not Packet(0, bytes(IP(proto=6) / Raw(b"x" * 8))).is_tcp
