import faults
from faults import codes, finding

CODE = "syn-lost"


def test_nothing_is_claimed_of_where():
    one = finding(faults.lost(), CODE)
    assert one.summary.startswith("No answer to 2 SYNs to 203.0.113.9:8080")
    assert "tcp_retransmit_skb" in one.evidence[0] and "net_dev_queue" in one.evidence[1]
    assert one.confidence < 1 and "other end is not seen" in one.doubts[0]


def test_a_listener_that_never_got_it_leaves_no_doubt():
    whole = faults.lost()
    listener = faults.listener_row(local="203.0.113.9", netns=faults.OTHER_NETNS)
    one = finding(faults.trace([listener, whole.halves], [whole.events]), CODE)
    assert one.confidence == 1.0 and "never received the SYN" in one.evidence[-1]


def test_while_it_goes_on_it_is_a_warning():
    row = faults.client_row(
        fate=0, peer_isn=None, syn_retransmits=2, t=faults.SYN_TIMES,
        transitions=[(10_000, "CLOSE", "SYN_SENT")], remote="203.0.113.9",
    )  # fmt: skip
    one = finding(faults.trace([row], [faults.sent(21_000, target="203.0.113.9")]), CODE)
    assert one.severity == "warning" and "so far" in one.summary


def test_a_copy_that_another_device_threw_away_is_not_where_it_got_lost():
    copy = faults.freed(31_000, "OTHERHOST", "ip_rcv_core", "ip_rcv_finish")
    whole = faults.lost()
    one = finding(faults.trace([whole.halves], [whole.events, copy]), CODE)
    assert "OTHERHOST in ip_rcv_core" in one.evidence[-1] and "ip neigh" in one.remedy


def test_not_before_the_first_retransmission():
    assert CODE not in codes(faults.trace([faults.given_up(300 * faults.MS)], [faults.sent(21_000)]))


def test_look_alikes():
    for other in (faults.accept_queue_full, faults.unknown_queue, faults.answer_lost, faults.icmp_soft):
        assert CODE not in codes(other())
    assert CODE not in codes(faults.dropped("output"))
