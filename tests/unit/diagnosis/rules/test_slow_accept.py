import faults
from faults import as_record, codes, finding

CODE = "slow-accept"


def test_a_long_wait():
    one = finding(faults.accepted_late(), CODE)
    assert one.summary == "python3[4710] left the connection in the accept queue for 500 ms."
    assert one.severity == "warning"


def test_a_short_wait():
    assert codes(faults.accepted_late(100 * faults.MS)) == []


def test_a_queue_that_drains_in_order_is_not_slow():
    """The last of 50 waits half a second, and accept() was called every 10 ms."""
    every = list(faults.diagnosed(faults.burst()))
    assert not any(one.findings for one in every)


def test_a_queue_that_drains_for_seconds_is():
    every = list(faults.diagnosed(faults.burst(count=30, each=100 * faults.MS)))
    assert [f.code for f in every[-1].findings] == [CODE]


def test_not_accepted_yet():
    times = {name: t for name, t in faults.rows.SERVER_TIMES.items() if name != "accepted"}
    waiting = faults.server_row(fate=0, pid=0, t=times)
    one = finding(faults.trace([faults.listener_row(), faults.client_row(), waiting]), CODE)
    assert one.summary.endswith("and has not accepted it.")
    assert CODE not in codes(as_record(faults.trace([faults.listener_row(), faults.client_row(), waiting])))


def test_look_alikes():
    for other in (faults.healthy, faults.resent, faults.slow_neighbour):
        assert CODE not in codes(other())


def test_the_accept_of_a_server_that_is_not_traced_may_not_have_been_seen():
    times = {name: t for name, t in faults.rows.SERVER_TIMES.items() if name != "accepted"}
    waiting = faults.server_row(fate=0, pid=0, t=times, flags=faults.HalfFlag.PEER)
    assert codes(faults.trace([faults.client_row(), waiting])) == []
