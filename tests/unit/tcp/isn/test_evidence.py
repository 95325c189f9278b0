import numpy as np
import pytest

from isn_series import series
from synscope.tcp.isn.evidence import chi2_tail, evenness, strongest_line
from synscope.tcp.isn.generators import SPACE


@pytest.mark.parametrize(
    ("chi2", "freedom", "p"),
    # a table of the χ² distribution (NIST/SEMATECH e-Handbook, 1.3.6.7.4)
    [(5.991, 2, 0.05), (9.210, 2, 0.01), (26.296, 16, 0.05), (31.999, 16, 0.01), (9.312, 16, 0.9)],
)
def test_the_tail_is_that_of_the_tables(chi2, freedom, p):
    assert chi2_tail(chi2, freedom) == pytest.approx(p, rel=2e-3)


def test_even_and_uneven_numbers():
    even = np.linspace(0, SPACE - 1, 170)
    assert evenness(even).p > 0.999
    assert evenness(even / 3).p < 1e-12
    assert evenness(even).freedom == 16
    assert evenness(even[:24]) is None


def test_few_numbers_have_few_bins():
    found = evenness(np.linspace(0, SPACE - 1, 30))
    assert (found.freedom + 1) % 2 == 1
    assert found.samples / (found.freedom + 1) >= 5


def test_a_clock_is_one_line_and_random_numbers_are_none():
    clock, noise = (
        strongest_line(series("rfc793")),
        [strongest_line(series("random", at)) for at in range(20)],
    )
    assert clock.power > 0.99
    assert clock.p < 1e-12
    assert max(one.power for one in noise) < 0.2
    assert min(one.p for one in noise) > 1e-4
