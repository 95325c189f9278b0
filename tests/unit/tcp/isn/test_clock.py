import numpy as np
import pytest

from isn_series import series
from synscope.tcp.isn.clock import clock, residuals
from synscope.tcp.isn.generators import SPACE
from synscope.tcp.isn.samples import samples


def line(rate, seconds, flow=0, offset=0):
    t = np.asarray(seconds, dtype=float)
    return samples((t * 1e9).astype(int), ((offset + rate * t) % SPACE).astype(int), flow)


def test_the_rate_of_a_clean_line():
    found = clock(line(250_000, np.arange(40) / 10))
    assert found.per_second == pytest.approx(250_000, rel=1e-6)
    assert found.follows
    assert found.ticks_each(4_000)
    assert not found.ticks_each(64)


def test_late_segments_do_not_move_the_rate():
    seconds = np.arange(60) / 20
    late = line(15.625e6, seconds)
    moved = late._replace(t_ns=late.t_ns + np.where(np.arange(60) % 5 == 0, 30_000_000, 0))
    found = clock(samples(*moved))
    assert found.low <= found.per_second <= found.high
    assert found.per_second == pytest.approx(15.625e6, rel=1e-3)


def test_a_clock_that_comes_round_between_samples_is_followed():
    """Linux's comes round each 275 s: gaps of a minute, after a few short ones."""
    seconds = [*np.arange(10) / 100, *range(60, 3600, 60)]
    found = clock(line(15.625e6, seconds))
    assert found.follows
    assert found.ticks_each(64)


def test_each_flow_has_its_own_offset():
    one, other = line(1e6, np.arange(20) / 10), line(1e6, np.arange(20) / 10 + 0.05, 1, 3_000_000_000)
    both = samples(*(np.concatenate(columns) for columns in zip(one, other, strict=True)))
    assert clock(both).per_second == pytest.approx(1e6, rel=1e-5)
    assert not clock(both.as_one_flow()).follows
    assert np.abs(residuals(both, 1e6)).max() < 2


def test_random_numbers_follow_no_clock():
    assert not any(clock(series("random", seed)).follows for seed in range(20))


def test_the_interval_holds_the_rate_about_as_often_as_it_says():
    found = [clock(series("linux", seed, 100)) for seed in range(100)]
    held = sum(one.low <= 15.625e6 <= one.high for one in found)
    assert held >= 85


def test_too_few_numbers_are_no_clock():
    assert clock(line(1000, np.arange(7))) is None
    assert clock(samples([5] * 9, range(9), 0)) is None


def test_thousands_of_flows_take_no_longer_than_some():
    t = np.arange(40_000)
    assert clock(samples(t * 1_000_000, (t * 15_625) % SPACE, t % 10_000)).samples == 50 * 4
