import faults
from faults import as_record, codes, finding

CODE = "final-ack-lost"


def filtered():
    return faults.ack_freed("NETFILTER_DROP", "output")


def test_freed_on_this_host():
    one = finding(filtered(), CODE)
    assert "kfree_skb: ACK freed, NETFILTER_DROP in nft_do_chain at +65 us" in one.evidence
    assert one.severity == "warning" and "nft list ruleset" in one.remedy


def test_lost_on_the_way():
    events = [faults.sent(21_000), faults.received(30_000)]
    events += [faults.sent(51_000, 0x12), faults.sent(70_000, 0x10)]
    halves = [faults.listener_row(), faults.client_row(), faults.unfinished(synack_retransmits=2)]
    one = finding(faults.trace(halves, events), CODE)
    assert "no ACK came to the server's end" in one.counter_evidence


def test_without_a_request_behind_it():
    """The SYN had been answered with a cookie: the server has nothing at all."""
    drop = faults.freed(75_000, "NETFILTER_DROP", "nft_do_chain", "output", 0x10)
    assert codes(faults.trace([faults.client_row()], [drop])) == [CODE]


def test_record_detail():
    assert CODE in codes(as_record(filtered()))


def test_look_alikes():
    assert CODE not in codes(faults.ack_freed("TCP_LISTEN_OVERFLOW", "tcp_v4_rcv", "tcp_v4_rcv"))
    for other in (faults.healthy, faults.answer_lost, faults.resent, faults.accepted_late):
        assert CODE not in codes(other())


def test_a_synack_that_a_second_syn_asked_for():
    """The first SYN was held up on the way and came with the second: two SYN-ACKs within a millisecond."""
    events = [faults.sent(21_000), faults.received(30_000), faults.sent(70_000, 0x10)]
    halves = [faults.listener_row(), faults.client_row(), faults.server_row(synack_retransmits=1)]
    assert CODE not in codes(faults.trace(halves, events))
    assert CODE not in codes(as_record(faults.trace(halves, events)))


def answered_late(first, second):
    """An ACK that left and did not come; a SYN-ACK again; the ACK that answers it, which no device sent."""
    stamps = [b"\1\1\x08\x0a" + bytes([0, 0, 0, n, 0, 0, 0, 9]) if n else b"" for n in (first, second)]
    events = [faults.sent(21_000), faults.received(30_000)]
    events += [
        faults.sent(51_000, 0x12),
        faults.received(52_000, 0x12),
        faults.sent(60_000, 0x10, options=stamps[0]),
    ]
    events += [faults.sent(faults.SECOND, 0x12), faults.received(faults.SECOND + 1_000, 0x12)]
    events += [faults.received(faults.SECOND + 5_000, 0x10, options=stamps[1])]
    end = faults.SECOND + 6_000
    times = {"request": 40_000, "synack_out": 50_000, "ack_in": end, "queued": end, "established": end}
    server = faults.server_row(synack_retransmits=1, t=times | {"accepted": end + 1_000})
    return faults.trace([faults.listener_row(), faults.client_row(), server], events)


def test_the_ack_of_a_repeated_synack_is_another():
    for stamps in ((1, 2), (0, 0)):
        assert codes(answered_late(*stamps))[0] == CODE
        assert codes(as_record(answered_late(*stamps)))[0] == CODE


def test_an_ack_that_was_slow_came():
    """The same timestamp: the same segment."""
    assert CODE not in codes(answered_late(1, 1))


def test_record_detail_remembers_a_repeated_synack_of_no_use():
    whole = answered_late(1, 2)
    drop = faults.freed(faults.SECOND + 2_000, "TCP_INVALID_SYN", "tcp_v4_rcv", "tcp_v4_rcv", 0x12)
    one = finding(as_record(faults.trace([whole.halves], [whole.events, drop])), CODE)
    assert "TCP_INVALID_SYN" not in one.summary


def stalled(done):
    """The first SYN-ACK was 600 ms late: the timer of the server ran 400 ms after the client's ACK."""
    connected = 600 * faults.MS
    client = faults.client_row(
        t=faults.rows.CLIENT_TIMES | {"synack_in": connected, "established": connected},
        transitions=[(15_000, "CLOSE", "SYN_SENT"), (connected, "SYN_SENT", "ESTABLISHED")],
    )
    times = {"request": 40_000, "synack_out": 50_000, "ack_in": done, "queued": done, "established": done}
    server = faults.server_row(synack_retransmits=1, t=times | {"accepted": done + 1_000})
    events = [faults.sent(21_000), faults.received(30_000), faults.sent(connected + 9_000, 0x10)]
    return faults.trace([faults.listener_row(), client, server], events)


def test_a_slow_synack_before_makes_no_difference():
    late = faults.SECOND + 200 * faults.MS
    assert codes(stalled(late))[0] == CODE
    assert codes(as_record(stalled(late)))[0] == CODE


def test_record_detail_does_not_accuse_where_the_ack_may_have_been_slow():
    assert CODE not in codes(as_record(stalled(faults.SECOND + 50 * faults.MS)))
