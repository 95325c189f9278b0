import samples
from synscope.views import VIEWS, Style


def drawn(connection) -> list[list[str]]:
    return [line.plain.split() for line in VIEWS["states"].render([connection], samples.trace(), Style())]


def test_each_state_has_its_time_its_stay_and_its_function():
    lines = drawn(samples.healthy())
    assert ["+14", "µs", "SYN_SENT", "44", "µs", "tcp_v4_connect"] in lines
    assert ["+58", "µs", "ESTABLISHED", "tcp_finish_connect"] in lines
    assert ["+70", "µs", "SYN_RECV", "8.0", "µs", "tcp_v4_syn_recv_sock"] in lines


def test_a_listener_is_not_said_to_have_left_listen():
    assert ["−212", "µs", "LISTEN", "inet_csk_listen_start"] in drawn(samples.healthy())


def test_the_first_state_of_each_side_is_there():
    lines = drawn(samples.healthy())
    assert lines.count(["CLOSE"]) == 2
    assert ["LISTEN"] in drawn(samples.server_only())


def test_a_side_that_was_not_seen_is_said_so():
    assert ["not", "seen", "here"] in drawn(samples.client_only())
