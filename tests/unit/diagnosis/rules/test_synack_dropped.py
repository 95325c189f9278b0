import pytest

import faults
from faults import as_record, codes, finding

CODE = "synack-dropped"


def test_in_the_servers_output():
    one = finding(faults.answer_dropped("answer out"), CODE)
    assert one.summary.endswith("a rule of nftables in OUTPUT of the server's own host.")
    assert "the SYN arrived: a request was made of it (sockops)" in one.counter_evidence


def test_in_the_clients_input():
    one = finding(faults.answer_dropped("input"), CODE)
    assert "in INPUT of the client's host" in one.summary
    assert "ct state established,related" in one.remedy


def test_a_repetition_that_comes_to_an_established_client_is_no_fault():
    drop = faults.freed(faults.SECOND, "TCP_INVALID_SYN", "tcp_v4_rcv", "tcp_v4_rcv", 0x12)
    whole = faults.healthy()
    assert codes(faults.trace([whole.halves], [drop])) == []


@pytest.mark.parametrize(
    ("reason", "function"),
    [("TCP_INVALID_ACK_SEQUENCE", "tcp_v4_rcv"), ("NOT_SPECIFIED", "tcp_v4_do_rcv")],  # the latter on 6.1
)
def test_one_that_the_clients_tcp_refused_was_not_dropped_on_its_way(reason, function):
    drop = faults.freed(55_000, reason, function, "tcp_v4_rcv", 0x12)
    whole = faults.healthy()
    assert CODE not in codes(faults.trace([whole.halves], [drop]))


def test_record_detail_knows_neither_hook_nor_host():
    one = finding(as_record(faults.answer_dropped("input")), CODE)
    assert one.confidence < 1


def test_look_alikes():
    for other in (faults.answer_lost, faults.lost, faults.no_listener):
        assert CODE not in codes(other())
    assert CODE not in codes(faults.dropped("output"))
    assert CODE not in codes(faults.ack_freed("NETFILTER_DROP", "output"))
