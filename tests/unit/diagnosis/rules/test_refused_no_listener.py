import faults
from faults import as_record, codes, finding

CODE = "refused-no-listener"


def test_the_drop_and_the_reset_are_the_evidence():
    one = finding(faults.no_listener(), CODE)
    assert one.evidence[0] == "kfree_skb: SYN freed, NO_SOCKET in tcp_v4_rcv at +31 us"
    assert "tcp_receive_reset" in one.evidence[-1]
    assert (one.severity, one.confidence, one.conn_state, one.error_type) == (
        "error",
        1.0,
        "REJ",
        "connection_refused",
    )
    assert "127.0.0.1:8080" in one.summary and "ss -ltn" in one.remedy


def test_an_answer_from_another_host_leaves_a_doubt():
    one = finding(faults.refused_from_afar(), CODE)
    assert one.confidence < 1
    assert "firewall" in one.doubts[0] and "most likely" in one.summary


def test_a_listener_that_was_closed_before_is_named():
    whole = faults.no_listener()
    closed = faults.listener_row(t={"listen": -9_000, "closed": -5_000}, fate=4)
    one = finding(faults.trace([closed, whole.halves], [whole.events]), CODE)
    assert "python3[4710] closed its listener on port 8080" in one.evidence[-1]


def test_record_detail_has_the_reason_too():
    assert finding(as_record(faults.no_listener()), CODE).confidence == 1.0


def test_look_alikes():
    for other in (faults.rejected_with_reset, faults.port_unreachable, faults.accept_queue_full):
        assert CODE not in codes(other())


def test_the_reset_that_did_not_come():
    """Dropped on its way by a rule: for the client it looks like a lost SYN."""
    drop = faults.freed(31_000, "NO_SOCKET", "tcp_v4_rcv", "tcp_v4_rcv")
    whole = faults.trace([faults.given_up(faults.SECOND)], [faults.sent(21_000), drop])
    one = finding(whole, CODE)
    assert "the RST that says so did not reach the client" in one.summary and one.confidence < 1
    assert CODE in codes(as_record(whole))


def test_a_reset_that_was_freed_before_tcp_saw_it():
    events = [faults.sent(21_000), faults.freed(31_000, "NO_SOCKET", "tcp_v4_rcv", "tcp_v4_rcv")]
    events += [faults.sent(32_000, 0x14), faults.received(33_000, 0x14)]
    row = faults.failed(3 * faults.SECOND, "timer", faults.ETIMEDOUT)
    assert "did not reach" in finding(faults.trace([row], events), CODE).summary
