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
