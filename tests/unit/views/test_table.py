import samples
from synscope.views import VIEWS, Style


def drawn(connections, width=120) -> list[str]:
    return [line.plain for line in VIEWS["table"].render(connections, samples.trace(), Style(width=width))]


def test_a_line_a_connection_in_the_order_given():
    lines = drawn(samples.many(40))
    assert [line.split()[0] for line in lines[1:]] == [str(number) for number in range(1, 41)]


def test_columns_hold_outcome_times_and_retransmissions():
    assert drawn([samples.healthy()])[1].split() == [
        *("1", "127.0.0.1:50164", "127.0.0.1:8080", "established"),
        *("58", "µs", "21", "µs", "python3[4711]"),
    ]
    line = drawn([samples.timed_out()])[1].split()
    assert line[1:] == ["10.0.0.1:41822", "10.0.0.2:80", "ETIMEDOUT", "3.050", "s", "2", "curl[4711]"]


def test_the_owner_is_the_servers_where_the_client_is_elsewhere():
    assert drawn([samples.server_only()])[1].endswith("nginx[4710]")


def test_long_addresses_keep_their_port_in_80_columns():
    line = drawn([samples.inet6()], width=80)[1]
    assert len(line) <= 80
    assert ":50164 " in line and ":65535 " in line and "…" in line


def test_columns_stay_aligned():
    lines = drawn([make() for make in samples.SAMPLES.values()], width=80)
    at = lines[0].index("outcome")
    assert all(line[at - 1] == " " and line[at] != " " for line in lines)
