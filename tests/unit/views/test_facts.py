import pytest

import samples
from synscope.connections.model import Connection
from synscope.views.facts import (
    accept_wait_ns,
    ack_offset,
    flag_names,
    isn_of,
    origin,
    passed,
    retransmits,
    seen,
    setup_ns,
)


def test_zero_is_connect_else_the_first_moment_that_is_not_the_listeners():
    assert origin(samples.healthy()) == (samples.START, "connect()")
    assert origin(samples.server_only()) == (samples.at(31), "syn_in")
    listening = Connection(id="c1", outcome=None, milestones=samples.marks("server", bind=-5, listen=-3))
    assert origin(listening) == (samples.at(-5), "bind")
    assert origin(Connection(id="c1", outcome=None)) == (0, "nothing")


def test_zero_of_a_connection_without_milestones_is_its_first_event():
    only = Connection(id="c1", outcome=None, segments=(samples.segment(1, "client", "S", 1, received=7),))
    assert origin(only) == (samples.at(7), "the first event")


@pytest.mark.parametrize(
    ("sample", "us"),
    [
        (samples.healthy, 58),  # connect 0, SYN_SENT > ESTABLISHED 58
        (samples.refused, 41),  # connect 0, SYN_SENT > CLOSE 41
        (samples.timed_out, 3_050_412),
        (samples.server_only, 47),  # SYN in 31, SYN_RECV > ESTABLISHED 78
        (samples.in_progress, None),
    ],
)
def test_setup_time(sample, us):
    assert setup_ns(sample()) == (None if us is None else us * 1000)


def test_accept_wait_is_from_the_queue_to_accept():
    assert accept_wait_ns(samples.healthy()) == 21_000
    assert accept_wait_ns(samples.client_only()) is None


def test_retransmits_are_counted_or_captured_whichever_is_more():
    assert retransmits(samples.timed_out()) == 2
    assert retransmits(samples.healthy(client=samples.client(retransmits=4))) == 4
    assert retransmits(samples.crossing()) == 1


def test_a_half_of_which_only_the_peer_speaks_was_not_seen():
    assert seen(samples.refused(), "client")
    assert not seen(samples.refused(), "server")
    assert passed(samples.refused(), "server")  # its segments crossed this kernel
    assert not passed(samples.client_only(), "server")


def test_isn_comes_from_the_socket_else_from_its_syn():
    assert isn_of(samples.healthy(), "server") == 829471100
    assert isn_of(samples.client_only(), "server") == 77002
    assert isn_of(samples.timed_out(), "server") is None


@pytest.mark.parametrize(
    ("isn", "ack", "offset"), [(7, 8, 1), (4294967295, 0, 1), (7, 7, 0), (0, 4294967295, -1), (7, 23, 16)]
)
def test_ack_offset_wraps_as_sequence_numbers_do(isn, ack, offset):
    answer = samples.segment(2, "server", "S.", 1, ack)
    connection = Connection(id="c1", outcome=None, client=samples.client(isn=isn), segments=(answer,))
    assert ack_offset(connection, answer) == offset


def test_ack_offset_is_not_known_without_the_peers_isn():
    answer = samples.segment(2, "server", "S.", 1, 5)
    assert ack_offset(Connection(id="c1", outcome=None, segments=(answer,)), answer) is None


@pytest.mark.parametrize(
    ("flags", "names"),
    [("S", "SYN"), ("S.", "SYN-ACK"), (".", "ACK"), ("R", "RST"), ("R.", "RST-ACK"), ("SEW", "SYN-ECE-CWR")],
)
def test_flag_names(flags, names):
    assert flag_names(flags) == names
