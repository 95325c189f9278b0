import pytest

import samples
from synscope.views import Style
from synscope.views.spent import quantile, spent


def told(connections) -> list[str]:
    return [" ".join(line.plain.split()) for line in spent(connections, Style())]


@pytest.mark.parametrize(
    ("values", "percent", "value"),
    [
        ([7], 50, 7),
        ([1, 2, 3, 4], 50, 2),
        ([1, 2, 3, 4, 5], 50, 3),
        (list(range(1, 101)), 90, 90),
        (list(range(1, 101)), 99, 99),
        (list(range(1, 101)), 100, 100),
        (list(range(1, 11)), 99, 10),
    ],
)
def test_quantile_is_the_nearest_rank(values, percent, value):
    assert quantile(values, percent) == value


def test_each_phase_has_its_count_and_times_in_the_order_of_a_connection():
    lines = told([samples.healthy(), samples.timed_out()])
    assert lines[1] == "phase count p50 p90 p99 max"
    assert lines[2] == "client route 2 14 µs 15 µs 15 µs 15 µs"
    names = [line.split(" ")[1:] for line in lines if line.startswith("client")]
    assert ["syn", "retransmit", "1", "2.028", "s", "2.028", "s", "2.028", "s", "2.028", "s"] in names
    assert lines.index("server request 1" + 4 * " 8.0 µs") < lines.index("server peer 1" + 4 * " 16 µs")


def test_the_slowest_are_told_with_what_they_spent_their_time_on():
    lines = told([samples.healthy(), samples.timed_out(), samples.server_only()])
    assert "slowest client, 3.050 s (#3): syn retransmit 66 %, syn timeout 34 %" in lines
    assert any(line.startswith("slowest server, 65 µs (#") for line in lines)


def test_of_many_the_slowest_hundredth():
    text = " ".join(told(samples.many(1200)))
    assert "slowest 12 clients, 3.39 ms or more (#1200, #1180, #1170, #1160, #1150, …): syn" in text


def test_one_connection_is_not_the_slowest_and_none_has_no_table():
    assert not any(line.startswith("slowest") for line in told([samples.healthy()]))
    assert told([]) == told([samples.alone()]) == []
