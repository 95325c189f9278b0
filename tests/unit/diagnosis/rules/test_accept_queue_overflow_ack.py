import faults
from faults import as_record, codes, finding

CODE = "accept-queue-overflow-ack"


def full():
    return faults.ack_freed("TCP_LISTEN_OVERFLOW", "tcp_v4_rcv", "tcp_v4_rcv")


def test_the_reason_is_the_evidence():
    one = finding(full(), CODE)
    assert one.evidence[0] == "kfree_skb: ACK freed, TCP_LISTEN_OVERFLOW in tcp_v4_rcv at +65 us"
    assert "1 connection waited for accept() then; sk_max_ack_backlog is 0" in one.evidence
    assert one.severity == "error" and one.confidence == 1.0


def test_a_kernel_without_that_reason_is_judged_by_the_queue():
    events = [faults.sent(21_000), faults.received(30_000), faults.sent(51_000, 0x12)]
    events += [faults.sent(70_000, 0x10), faults.received(75_000, 0x10)]
    halves = [faults.listener_row(backlog_max=0), *faults.waiting_children(1), faults.client_row()]
    unfinished = faults.unfinished(synack_retransmits=1, backlog=None)
    one = finding(faults.trace([*halves, unfinished], events), CODE)
    assert "the ACK came" in one.evidence[0]
    assert one.confidence < 1


def test_one_that_was_freed_without_a_reason_too():
    trace = faults.ack_freed("NOT_SPECIFIED", "tcp_v4_rcv", "tcp_v4_rcv")
    one = finding(trace, CODE)
    assert one.evidence[0] == "kfree_skb: ACK freed, NOT_SPECIFIED in tcp_v4_rcv at +65 us"
    assert one.confidence < 1 and codes(trace)[0] == CODE
    assert "final-ack-lost" not in codes(trace)


def test_record_detail_has_the_reason_too():
    assert finding(as_record(full()), CODE).confidence == 1.0


def test_look_alikes():
    assert CODE not in codes(faults.ack_freed("NETFILTER_DROP", "output"))
    for other in (faults.accept_queue_full, faults.accepted_late, faults.healthy, faults.answer_lost):
        assert CODE not in codes(other())
