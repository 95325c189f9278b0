import numpy as np
import pytest

from isn_series import series
from synscope.tcp.isn.classify import analyse
from synscope.tcp.isn.generators import SPACE
from synscope.tcp.isn.samples import samples


def generator(found):
    return analyse(found).generator


def test_seven_numbers_are_too_few():
    assert generator(series("rfc793", count=7)) == "too-few"
    assert analyse(samples([], [], [])).samples == 0


def test_without_a_flow_that_came_back_random_and_keyed_are_one():
    assert generator(series("random", again=0)) == "unpredictable"
    assert generator(series("linux", again=0)) == "unpredictable"


def test_a_clock_on_the_only_flow_is_a_clock_and_no_more():
    assert generator(series("linux", again=1)) == "clock"
    assert generator(series("rfc793", again=1)) == "clock"


def test_an_even_pace_hides_whether_time_or_connections_count():
    even = samples(range(0, 4 * 10**9, 10**8), range(0, 4000, 100), range(40))
    assert generator(even) == "rising"


def test_a_clock_of_another_rate():
    t = np.cumsum(np.random.default_rng(1).uniform(0.01, 0.03, 100))
    found = analyse(samples((t * 1e9).astype(int), (t * 1e6).astype(int), range(100)))
    assert found.generator == "clock"
    assert found.clock.tick_ns == pytest.approx(1000, rel=1e-4)


def test_a_keyed_counter_is_no_keyed_clock():
    plain = series("small-increment")
    offset = np.where(plain.flow == 0, 0, plain.flow * 2_654_435_761)
    assert generator(plain._replace(isn=(plain.isn + offset) % SPACE)) == "keyed-counter"


def test_numbers_that_are_neither_regular_nor_random():
    uneven = np.random.default_rng(2).integers(0, SPACE // 3, 200)
    assert generator(series("random")._replace(isn=uneven)) == "unknown"


def test_some_cookies_may_be_out_of_step():
    """As nf_synproxy's are that remembers the connection before."""
    found = series("syn-cookies")
    shifted = np.where(np.arange(200) % 10 == 0, 77_777 * np.arange(200), 0)
    assert generator(found._replace(isn=(found.isn + shifted) % SPACE)) == "syn-cookies"


def test_cookies_of_four_minutes():
    assert generator(series("syn-cookies", count=120, rate=0.5)) == "syn-cookies"


def test_cookies_are_believed_where_the_server_says_so():
    said = series("random")._replace(cookie=np.ones(200, dtype=np.int64))
    assert (generator(said), analyse(said).cookies) == ("syn-cookies", 200)


def test_cookies_of_an_overrun_listener_are_left_out_of_the_rest():
    some = (np.arange(200) % 5 == 0).astype(np.int64)
    linux = series("linux")
    mixed = linux._replace(cookie=some, isn=np.where(some == 1, series("random").isn, linux.isn))
    assert (generator(mixed), analyse(mixed).cookies) == ("linux", 40)


def test_two_ends_with_one_clock_are_no_cookies_where_the_request_was_seen():
    """In the lab a clock counts instructions: the ends' numbers are as far apart each time."""
    found = series("linux")
    alike = found._replace(other=(found.isn - np.where(found.flow == 0, 77, found.flow)) % SPACE)
    assert generator(alike) == "syn-cookies"
    assert generator(alike._replace(cookie=np.zeros(200, dtype=np.int64))) == "linux"


def test_bsd_has_its_clock_and_a_counter_of_64_000_has_none():
    steps = analyse(series("bsd44")).steps
    assert steps.divisor == 64_000
    plain = series("bsd44")
    assert generator(plain._replace(isn=64_000 * np.arange(200) + 1)) == "small-increment"


def test_a_window_of_0_is_counted():
    proxied = series("syn-cookies")._replace(window=np.zeros(200, dtype=np.int64))
    assert analyse(proxied).zero_windows == 200
