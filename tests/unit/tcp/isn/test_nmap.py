"""The measures against arithmetic done by hand from the book's words."""

import math

from synscope.tcp.isn.generators import SPACE
from synscope.tcp.isn.nmap import nmap
from synscope.tcp.isn.samples import samples

TENTHS = [number * 100_000_000 for number in range(6)]


def test_a_counter_of_64_000():
    found = nmap(samples(TENTHS, [64_000 * number for number in range(6)], range(6)))
    assert (found.gcd, found.isr, found.sp) == (64_000, round(8 * math.log2(640_000)), 0)


def test_a_constant_has_no_rate():
    found = nmap(samples(TENTHS, [7] * 6, range(6)))
    assert (found.gcd, found.isr, found.sp) == (0, 0, 0)


def test_the_shorter_way_round_counts_and_a_small_divisor_does_not():
    found = nmap(samples(TENTHS, [5, SPACE - 5, 5, 35, 5, 35], range(6)))
    rates = [100, 100, 300, 300, 300]
    deviation = math.sqrt(sum((rate - 220) ** 2 for rate in rates) / 4)
    assert found.gcd == 10
    assert found.isr == round(8 * math.log2(220))
    assert found.sp == round(8 * math.log2(deviation / 10))


def test_six_are_taken_100_ms_apart():
    many = samples(range(0, 10**9, 10**7), [number % 10 for number in range(100)], range(100))
    assert nmap(many).samples == 6
    assert nmap(many).gcd == 0


def test_fewer_than_four_that_far_apart_say_nothing():
    assert nmap(samples(TENTHS[:4], range(4), range(4))).samples == 4
    assert nmap(samples(TENTHS[:3], range(3), range(3))) is None
    assert nmap(samples(range(60), range(60), range(60))) is None
    assert nmap(samples([], [], [])) is None


def test_one_4_tuple_counts_once():
    assert nmap(samples(TENTHS, range(6), 0)) is None
    assert nmap(samples(TENTHS, range(6), [0, 0, 1, 2, 3, 4])).samples == 5
