from faults import MS, healthy, listener_row, rows, server_row, trace, waiting_children
from rows import T0
from synscope.diagnosis.listeners import Queue, listening_of, queues_of


def test_a_listener_is_known_by_where_it_listens():
    (one,) = listening_of(trace([listener_row(local="0.0.0.0")]).halves)
    assert (one.address, one.port, one.limit, one.owner) == ("0.0.0.0", 8080, 128, "python3[4710]")
    assert one.open_at(T0) and not one.open_at(T0 - MS)
    assert one.until_ns is None


def test_what_a_bound_address_takes():
    def takes(bound, address):
        (one,) = listening_of(
            trace([listener_row(local=bound, remote="::" if ":" in bound else "0.0.0.0")]).halves
        )
        return one.takes(address)

    assert takes("0.0.0.0", "192.0.2.1") and takes("192.0.2.1", "192.0.2.1")
    assert takes("::", "192.0.2.1") and takes("::", "2001:db8::1")
    assert not takes("127.0.0.1", "192.0.2.1")
    assert not takes("0.0.0.0", "2001:db8::1")


def test_queues_are_counted_from_the_children():
    queue = queues_of(trace([listener_row(), *waiting_children(2, until=MS)]).halves)[3]
    assert queue.pending(T0 - 80_000) == 2
    assert (queue.pending(T0), queue.waiting(T0)) == (0, 2)
    assert queue.waiting(T0 + 2 * MS) == 0


def test_accept_takes_a_child_out():
    queue = queues_of(healthy().halves)[3]
    queued, accepted = (T0 + rows.SERVER_TIMES[name] for name in ("queued", "accepted"))
    assert [queue.waiting(t) for t in (queued - 1, queued, accepted - 1, accepted)] == [0, 1, 1, 0]


def test_a_listener_that_is_not_traced_is_known_by_its_children():
    """As the peers of traced clients tell of it: nobody has asked for its cookie."""
    children = [server_row(listener=0, backlog=1, backlog_max=1), server_row(listener=0, cookie=9)]
    halves = trace(children).halves
    (one,) = listening_of(halves)
    assert (one.address, one.port, one.limit, one.owner) == ("127.0.0.1", 8080, 1, "the listener")
    assert queues_of(halves).keys() == {one.cookie} and one.cookie < 0


def test_the_kernels_own_count_goes_before_that_of_the_children():
    """A child whose accept() was not seen does not wait for ever, and others wait that are not traced."""
    later = {name: t + MS for name, t in rows.SERVER_TIMES.items() if name != "accepted"}
    unseen = {name: t for name, t in rows.SERVER_TIMES.items() if name != "accepted"}
    halves = [listener_row(), server_row(t=unseen, backlog=0), server_row(cookie=9, t=later, backlog=0)]
    queue = queues_of(trace(halves).halves)[3]
    assert (queue.waiting(T0 + MS), queue.waiting(T0 + 2 * MS)) == (1, 1)
    more = queues_of(trace([listener_row(), server_row(t=unseen, backlog=5)]).halves)[3]
    assert more.waiting(T0 + MS) == 6


def test_the_longest_pause():
    queue = Queue([], [], [], [], accepted=[10, 20, 90], counted=[])
    assert queue.longest_pause(0, 100) == 70
    assert queue.longest_pause(15, 25) == 5
    assert queue.longest_pause(30, 40) == 10
