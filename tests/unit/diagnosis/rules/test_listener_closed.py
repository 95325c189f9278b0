import faults
from faults import as_record, codes, finding

CODE = "listener-closed"


def test_a_child_in_the_queue():
    one = finding(faults.listener_closed(), CODE)
    assert "while the connection waited in the accept queue" in one.summary
    assert any("inet_csk_listen_stop" in line for line in one.evidence)


def test_a_request_of_a_client_that_believes():
    closed = faults.rows.LISTENER_TIMES | {"closed": 200_000}
    halves = [faults.listener_row(t=closed, fate=4), faults.client_row(), faults.unfinished()]
    assert "waited for its final ACK" in finding(faults.trace(halves), CODE).summary


def test_a_client_that_had_closed_first_lost_nothing():
    whole = faults.listener_closed()
    child = whole.halves["cookie"] == 2
    whole.halves["transitions"]["from"][child, 2] = 8  # CLOSE_WAIT
    assert CODE not in codes(whole)


def test_one_process_with_both_ends_that_ended():
    whole = faults.listener_closed()
    whole.halves["pid"][whole.halves["cookie"] == 1] = 4710
    assert codes(whole) == []


def test_look_alikes():
    for other in (faults.healthy, faults.no_listener, faults.reset_request, faults.accepted_late):
        assert CODE not in codes(other())


def test_record_detail_does_not_see_the_end_of_children():
    assert codes(as_record(faults.listener_closed())) == []


def answered_too_late(*events):
    """The final ACK is freed for want of a socket."""
    closed = faults.rows.LISTENER_TIMES | {"closed": 60_000}
    halves = [faults.listener_row(t=closed, fate=4), faults.client_row(), faults.unfinished()]
    drop = faults.freed(75_000, "NO_SOCKET", "tcp_v4_rcv", "tcp_v4_rcv", 0x10)
    return faults.trace(halves, [drop, *events])


def test_a_final_ack_that_finds_nobody():
    whole = answered_too_late()
    one = finding(whole, CODE)
    assert "while its SYN-ACK was on its way" in one.summary and one.confidence == 1.0
    assert codes(whole) == [CODE] and codes(as_record(whole)) == [CODE]


def test_a_close_that_was_not_seen_leaves_a_doubt():
    whole = answered_too_late()
    whole.halves = whole.halves[whole.halves["side"] != 3]
    assert finding(whole, CODE).confidence < 1


def test_a_client_that_was_reset_before_lost_nothing():
    closed = faults.rows.LISTENER_TIMES | {"closed": 200_000}
    halves = [faults.listener_row(t=closed, fate=4), faults.client_row(), faults.unfinished()]
    events = [faults.freed(75_000, "NETFILTER_DROP", "nft_do_chain", "input", 0x10)]
    events += [faults.sent(90_000, 0x14), faults.received(95_000, 0x14)]
    assert codes(faults.trace(halves, events)) == ["final-ack-lost"]


def test_after_a_long_wait_it_is_but_the_end():
    whole = faults.listener_closed()
    child, listener = whole.halves["cookie"] == 2, whole.halves["side"] == 3
    whole.halves["t"][child | listener, faults.MILESTONE["closed"]] += 2 * faults.SECOND
    assert finding(whole, CODE).severity == "warning"
    assert finding(faults.listener_closed(), CODE).severity == "error"


def test_a_client_that_gave_up_before_has_no_final_ack():
    """Record detail: what was freed for want of a socket was the SYN-ACK that came too late."""
    halves = [faults.listener_row(), faults.given_up(45_000), faults.unfinished(drop_reason=3)]
    assert CODE not in codes(as_record(faults.trace(halves)))
