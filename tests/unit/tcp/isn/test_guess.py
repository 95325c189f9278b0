import math

import pytest

from isn_series import series
from synscope.tcp.isn.guess import WINDOW, guess, guess_cookie
from synscope.tcp.isn.samples import samples


def test_random_numbers_take_32_bits_and_a_window_saves_16():
    found = guess(series("random", count=2000))
    assert found.handshake == pytest.approx(32, abs=0.1)
    assert found.handshake - found.window == pytest.approx(math.log2(WINDOW), abs=1e-6)


def test_a_constant_takes_none():
    found = guess(samples(range(20), 7, 0))
    assert (found.handshake, found.window) == (0, 0)


def test_steps_of_1_to_64_take_six():
    found = guess(series("small-increment", count=2000))
    assert found.handshake == pytest.approx(6, abs=0.2)
    assert found.window == 0


def test_a_clock_takes_what_the_latency_leaves():
    """Differences of exponential latencies of 1 ms: 95 % within 3 ms either way, 6 ms of 4 µs."""
    found = guess(series("rfc793", count=2000, latency_ns=1_000_000), 250_000)
    assert found.handshake == pytest.approx(math.log2(6e-3 * 250_000 / 0.95), abs=0.5)


def test_keyed_numbers_are_compared_across_flows_only():
    one_flow = series("linux", again=1)
    assert guess(one_flow, keyed=True) is None
    assert guess(series("linux"), keyed=True).handshake > 31


def test_multiples_that_lie_further_apart_than_the_window_must_each_be_tried():
    steps = [0, 128_000] * 20
    found = guess(samples(range(40), [sum(steps[: at + 1]) for at in range(40)], 0), granule=64_000)
    assert 1 < found.handshake < 2
    assert found.window == pytest.approx(found.handshake + math.log2(64_000 / WINDOW))


def test_eight_of_all_cookies_are_valid():
    assert guess_cookie().handshake == 29
