import samples
from synscope.views.live_rates import WINDOW_S, Rates


def test_before_a_second_is_over_there_is_no_rate():
    rates = Rates(5.0)
    rates.add(5.1, samples.many(7))
    assert rates.per_second(5.9) == (0.0, 0.0)


def test_rates_since_it_began_then_over_the_window():
    rates = Rates(0.0)
    for second in range(30):
        rates.add(second + 0.5, samples.many(7))  # one of them is refused
        assert rates.per_second(second + 1.0) == (7.0, 1.0)
    assert rates.failed == 30
    assert rates.per_second(30.0 + WINDOW_S / 2) == (3.5, 0.5)
    assert rates.per_second(100.0) == (0.0, 0.0)
