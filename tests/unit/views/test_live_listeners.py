import samples
from synscope.connections.model import Listener
from synscope.views.live_listeners import lines, queues
from synscope.views.live_rows import row_of
from synscope.views.style import Style


def connection(number, backlog, **server):
    listener = Listener(cookie=7, backlog_at_syn=backlog, backlog_max=4)
    return row_of(samples.healthy(id=f"c{number}", server=samples.server(listener=listener, **server)))


def test_a_queue_is_what_its_connections_found():
    (queue,) = queues([connection(1, 3), connection(2, 5), connection(3, 1)])
    assert (queue.connections, queue.at_syn, queue.most, queue.limit, queue.full) == (3, 1, 5, 4, 1)
    assert len(queue.waits_ns) == 3


def test_listeners_are_told_apart_and_the_longest_queue_comes_first():
    found = queues([connection(1, 0), connection(2, 4, port=9090), connection(3, 0, netns=1)])
    assert [(queue.half.port, queue.most) for queue in found] == [(9090, 4), (8080, 0), (8080, 0)]


def test_without_any_it_says_so():
    (line,) = lines(queues([row_of(samples.refused())]), 80, Style())
    assert "No connection to a listener" in line.plain
