import msgspec

import samples
from synscope.connections.model import Milestone, Transition
from synscope.connections.state_path import state_path


def path(connection, side):
    return [step.way for step in state_path(connection) if step.side == side]


def ended(source, side="client", **half):
    """A healthy connection whose `side` went from `source` to CLOSE."""
    healthy = samples.healthy()
    last = Transition(side=side, source=source, target="CLOSE", t_ns=samples.at(900), by="tcp_done")
    changed = msgspec.structs.replace(getattr(healthy, side), **half)
    return msgspec.structs.replace(healthy, transitions=(*healthy.transitions, last), **{side: changed})


def test_the_client_as_its_socket_went():
    assert path(samples.healthy(), "client") == [("CLOSE", "SYN_SENT"), ("SYN_SENT", "ESTABLISHED")]


def test_the_server_goes_by_its_request():
    steps = [step for step in state_path(samples.healthy()) if step.side == "server"]
    assert [step.name for step in steps] == ["s1", "s2", "s3", "s4"]
    assert [step.way for step in steps[1:3]] == [("LISTEN", "NEW_SYN_RECV"), ("NEW_SYN_RECV", "SYN_RECV")]
    assert (steps[1].t_ns, steps[2].t_ns) == (samples.at(34), samples.at(70))


def test_a_syn_cookie_needs_no_request():
    listener = msgspec.structs.replace(samples.server().listener, syn_cookie=True)
    connection = samples.healthy(server=samples.server(listener=listener))
    assert ("LISTEN", "SYN_RECV") in path(connection, "server")


def test_with_fast_open_the_child_is_there_before_the_syn_ack():
    early = [
        msgspec.structs.replace(one, t_ns=samples.at(36)) if one.target == "SYN_RECV" else one
        for one in samples.healthy().transitions
    ]
    assert ("LISTEN", "SYN_RECV") in path(samples.healthy(transitions=tuple(early)), "server")


def test_a_request_that_never_became_a_socket():
    marks = (Milestone("request", "server", samples.at(34)),)
    connection = samples.healthy(transitions=(), milestones=marks)
    assert path(connection, "server") == [("LISTEN", "NEW_SYN_RECV")]


def test_time_wait_is_where_the_tracepoint_says_close():
    assert path(ended("FIN_WAIT2"), "client")[-1] == ("FIN_WAIT2", "TIME_WAIT")
    assert path(ended("CLOSING"), "client")[-1] == ("CLOSING", "TIME_WAIT")


def test_an_error_is_no_time_wait():
    (*_, last) = (
        step for step in state_path(ended("FIN_WAIT2", sk_err="ECONNRESET")) if step.side == "client"
    )
    assert last.way == ("FIN_WAIT2", "CLOSE")
    assert not last.drawn
