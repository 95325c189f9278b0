import faults
from faults import as_record, codes, finding

CODE = "synack-lost"


def test_both_halves():
    one = finding(faults.answer_lost(), CODE)
    assert "answered, and its SYN-ACK did not reach the client" in one.summary
    assert one.confidence == 1.0


def test_a_server_half_alone():
    one = finding(faults.nobody_finishes(), CODE)
    assert one.summary.startswith("4 SYN-ACKs of")
    assert one.severity == "warning" and one.confidence < 1


def test_not_before_anything_was_sent_again():
    halves = [faults.listener_row(), faults.unfinished(remote="198.51.100.7")]
    assert codes(faults.trace(halves, [faults.sent(51_000, 0x12)])) == []


def test_look_alikes():
    for other in (faults.lost, faults.no_listener, faults.healthy, faults.reset_request):
        assert CODE not in codes(other())
    assert CODE not in codes(faults.answer_dropped("input"))
    assert CODE not in codes(faults.ack_freed("NETFILTER_DROP", "output"))


def test_record_detail():
    assert CODE in codes(as_record(faults.answer_lost()))


def test_a_syn_that_its_request_answered_again_was_not_dropped():
    """tcp_v4_rcv frees it without a reason, after tcp_check_req has sent the SYN-ACK again."""
    lost = faults.answer_lost()
    way = {"source": "192.0.2.1", "target": "192.0.2.2", "netns": faults.OTHER_NETNS}
    again = faults.freed(faults.SECOND, "NOT_SPECIFIED", "tcp_v4_rcv", "tcp_v4_rcv", **way)
    whole = faults.trace([lost.halves], [lost.events, again])
    assert codes(whole) == codes(lost)
    assert codes(as_record(whole)) == codes(as_record(lost))
