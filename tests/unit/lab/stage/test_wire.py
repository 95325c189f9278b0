from scapy.layers.inet import IP, TCP

from synscope.lab.stage.packets import Packet
from synscope.lab.stage.wire import PASS, delaying, losing

SYN = Packet(1, bytes(IP() / TCP(flags="S")))
ACK = Packet(1, bytes(IP() / TCP(flags="A")))


def test_everything_passes():
    assert list(PASS(SYN)) == [SYN]


def test_everything_passes_later():
    assert list(delaying(0.5)(SYN)) == [SYN._replace(after=0.5)]


def test_only_the_named_segments_are_lost_and_only_so_often():
    handle = losing("S", 2)
    assert [list(handle(one)) for one in (SYN, ACK, SYN, SYN)] == [[], [ACK], [], [SYN]]


def test_without_a_number_all_of_them_are():
    handle = losing("S")
    assert not any(list(handle(SYN)) for _ in range(5))
