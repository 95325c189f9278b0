"""Each generator is told from 200 of its numbers, near or far away, and no series breaks the analysis."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from isn_series import GENERATORS, series
from synscope.tcp.isn.classify import analyse
from synscope.tcp.isn.generators import SPACE
from synscope.tcp.isn.samples import arc, samples, signed

SEEDS = range(20)
LATENCIES = {"loopback": 5_000, "lan": 200_000, "far": 5_000_000}


@pytest.mark.parametrize("latency", LATENCIES.values(), ids=LATENCIES)
@pytest.mark.parametrize("name", GENERATORS)
def test_each_generator_is_told(name, latency):
    told = [analyse(series(name, seed, latency_ns=latency)).generator for seed in SEEDS]
    assert told == [name] * len(SEEDS)


@pytest.mark.parametrize("name", ["constant", "rfc793", "small-increment", "rfc6528", "linux", "random"])
@given(offset=st.integers(0, SPACE - 1))
@settings(max_examples=5, deadline=None)
def test_where_the_numbers_come_round_does_not_matter(name, offset):
    plain = series(name)
    moved = plain._replace(isn=(plain.isn + offset) % SPACE)
    assert analyse(moved).generator == name


NUMBER = st.integers(0, SPACE - 1)
ROW = st.tuples(st.integers(0, 10**10), NUMBER, st.integers(0, 3), st.integers(-1, 5), st.integers(-1, 1))


@given(st.lists(ROW, max_size=60), st.integers(-1, 1))
@settings(max_examples=300, deadline=None)
def test_no_series_breaks_it(rows, cookie):
    columns = list(zip(*rows, strict=True)) or [[]] * 5
    analysis = analyse(samples(*columns[:4], window=columns[4], cookie=cookie))
    assert analysis.samples == len(rows)
    if analysis.guess is not None:
        assert 0 <= analysis.guess.window <= analysis.guess.handshake <= 32


@given(st.lists(NUMBER, min_size=1, max_size=30), NUMBER)
def test_an_arc_turns_with_its_numbers(numbers, offset):
    moved = [(number + offset) % SPACE for number in numbers]
    assert arc(numbers)[1] == arc(moved)[1]
    start, length = arc(numbers)
    assert all((number - start) % SPACE <= length for number in numbers)


@given(NUMBER, NUMBER)
def test_a_difference_goes_the_short_way_round(one, other):
    short = int(signed(np.int64(one - other)))
    assert abs(short) <= SPACE // 2
    assert (other + short) % SPACE == one
