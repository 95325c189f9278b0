"""States, queues, cookies and options against ss, which asks the kernel by sock_diag."""

import socket

import pytest

from support.firewall import filter_rule
from support.prelude import client, hear, listen, say
from support.scripts import Script, running
from support.sockets import Socket, tcp_sockets
from support.tracing import BOTH, of_cgroup, summary, tracing
from synscope.connections.model import Connection

pytestmark = pytest.mark.needs_kernel

# ss's word for a state, and the kernel's without TCP_ (include/net/tcp_states.h)
STATES = {
    "ESTAB": "ESTABLISHED",
    "SYN-SENT": "SYN_SENT",
    "FIN-WAIT-2": "FIN_WAIT2",
    "CLOSE-WAIT": "CLOSE_WAIT",
    "LISTEN": "LISTEN",
}


def pairs(address: str, count: int) -> None:
    """Keep `count` accepted connections until told."""
    listener = listen(address)
    kept = []
    for _ in range(count):
        active = client(address)
        active.connect(listener.getsockname())
        kept += [active, listener.accept()[0]]
    say(port=listener.getsockname()[1])
    hear()


def queue(address: str, backlog: int) -> None:
    """One connect() per line heard, none accepted, until there is nothing to hear."""
    listener = listen(address, backlog=backlog)
    kept = []
    say(port=listener.getsockname()[1])
    while hear():
        active = client(address)
        active.connect(listener.getsockname())
        kept.append(active)
        say(port=active.getsockname()[1])


def half_closed(address: str) -> None:
    """The client has ended its direction, the server has not."""
    listener, active = listen(address), client(address)
    active.connect(listener.getsockname())
    passive, _ = listener.accept()
    say(port=active.getsockname()[1])
    active.shutdown(socket.SHUT_WR)
    passive.recv(1)
    passive.send(b"x")  # and with it the ACK of the FIN, which may be delayed otherwise
    active.recv(1)
    say()
    hear()


def unanswered(address: str, port: int) -> None:
    """A connect() that nobody answers."""
    active = client(address)
    active.setblocking(False)
    active.connect_ex((address, port))
    say(port=active.getsockname()[1])
    hear()


def sockets_of(sockets: list[Socket], connection: Connection) -> tuple[Socket, Socket]:
    """ss's sockets with the ports of the two halves."""
    assert connection.client and connection.server, summary(connection)
    forward = connection.client.port, connection.server.port
    by_ports = {(one.port, one.peer_port): one for one in sockets}
    return by_ports[forward], by_ports[forward[::-1]]  # type: ignore[index]


def reached(connection: Connection, side: str) -> list[str]:
    """The states of one half, in order."""
    return [change.target for change in connection.transitions if change.side == side]


@pytest.mark.parametrize("detail", BOTH)
@pytest.mark.parametrize("address", ["127.0.0.1", "::1"])
def test_cookies_states_and_ports_are_those_of_ss(netns, cgroup, address, detail):
    with (
        tracing(of_cgroup(cgroup, detail)) as taken,
        running(pairs, address, 20, namespace=netns, cgroup=cgroup) as script,
    ):
        sockets = tcp_sockets(netns)
    listener = next(one for one in sockets if one.port == script.hello["port"] and one.state == "LISTEN")
    found = taken.connections()
    assert len(found) == 20
    for connection in found:
        active, passive = sockets_of(sockets, connection)
        assert connection.client and connection.server and connection.server.listener
        assert (connection.client.cookie, connection.server.cookie) == (active.cookie, passive.cookie)
        assert connection.server.listener.cookie == listener.cookie
        assert STATES[active.state] == STATES[passive.state] == "ESTABLISHED"
        assert {"SYN_SENT", "ESTABLISHED"} <= set(reached(connection, "client"))
        assert "ESTABLISHED" in reached(connection, "server")
    assert len({one.cookie for one in sockets}) == 41


@pytest.mark.parametrize("detail", BOTH)
@pytest.mark.parametrize("address", ["127.0.0.1", "::1"])
def test_the_last_states_are_those_of_ss(netns, cgroup, address, detail):
    with (
        tracing(of_cgroup(cgroup, detail, until_close=True)) as taken,
        running(half_closed, address, namespace=netns, cgroup=cgroup) as script,
    ):
        script.read(1)
        sockets = tcp_sockets(netns)
        taken.finish()
    connection = taken.only()
    active, passive = sockets_of(sockets, connection)
    assert (active.state, passive.state) == ("FIN-WAIT-2", "CLOSE-WAIT")
    assert reached(connection, "client")[-1] == STATES[active.state]
    assert reached(connection, "server")[-1] == STATES[passive.state]


@pytest.mark.parametrize("detail", BOTH)
def test_an_unanswered_syn_is_in_syn_sent_in_both(netns, cgroup, detail):
    filter_rule(netns, "input")
    with (
        tracing(of_cgroup(cgroup, detail)) as taken,
        running(unanswered, "127.0.0.1", 4444, namespace=netns, cgroup=cgroup) as script,
    ):
        (waiting,) = tcp_sockets(netns)
        taken.finish()
    connection = taken.only()
    assert connection.client
    assert (connection.client.port, connection.client.cookie) == (script.hello["port"], waiting.cookie)
    assert reached(connection, "client")[-1] == STATES[waiting.state] == "SYN_SENT"
    assert connection.outcome == "in_progress"


def accept_queue(script: Script, sockets: list[Socket]) -> tuple[int, int]:
    """Recv-Q and Send-Q of the listener: for a listener its accept queue and that one's limit."""
    port = script.hello["port"]
    (listener,) = [one for one in sockets if one.port == port and one.state == "LISTEN"]
    return listener.recv_q, listener.send_q


@pytest.mark.parametrize("detail", BOTH)
@pytest.mark.parametrize("address", ["127.0.0.1", "::1"])
def test_the_accept_queue_at_each_syn_is_what_ss_showed_before_it(netns, cgroup, address, detail):
    expected = {}
    with (
        tracing(of_cgroup(cgroup, detail)) as taken,
        running(queue, address, 5, namespace=netns, cgroup=cgroup) as script,
    ):
        for _ in range(6):
            before = accept_queue(script, tcp_sockets(netns))
            expected[script.ask("connect")["port"]] = before
        assert accept_queue(script, tcp_sockets(netns)) == (6, 5)
    seen = {}
    for connection in taken.connections():
        assert connection.client and connection.server and connection.server.listener, summary(connection)
        listener = connection.server.listener
        seen[connection.client.port] = listener.backlog_at_syn, listener.backlog_max
    assert seen == expected
    assert list(seen.values()) == [(at, 5) for at in range(6)]


@pytest.mark.parametrize("off", [None, "tcp_timestamps", "tcp_sack", "tcp_window_scaling"])
def test_the_options_on_the_wire_are_those_that_tcp_info_says_were_agreed_on(netns, cgroup, off):
    if off:
        netns.run("sysctl", "-qw", f"net.ipv4.{off}=0")
    with (
        tracing(of_cgroup(cgroup, "record")) as taken,
        running(pairs, "127.0.0.1", 1, namespace=netns, cgroup=cgroup),
    ):
        sockets = tcp_sockets(netns)
    connection = taken.only()
    active, passive = sockets_of(sockets, connection)
    names = {"ts": "timestamp", "sack": "sack_ok", "wscale": "wscale"}
    (synack,) = [segment for segment in connection.segments if segment.flags == "S."]
    assert synack.options is not None
    seen = {name for name, option in names.items() if option in synack.options}
    assert seen == active.options == passive.options
    assert len(seen) == (2 if off else 3)
    if active.shifts:
        assert active.shifts[0] == synack.options["wscale"] == passive.shifts[1]  # type: ignore[index]
