"""Connections of every kind that a kernel makes, each told as what it is."""

import socket
from collections.abc import Iterator
from contextlib import contextmanager

import pytest

from support.firewall import filter_rule
from support.namespaces import Namespace, network_namespace
from support.prelude import (
    MPTCP,
    accept_null,
    client,
    cookie,
    disconnect,
    ends,
    hear,
    listen,
    myself,
    name,
    say,
)
from support.scripts import ran, running
from support.tracing import BOTH, complete, of_cgroup, summary, tracing
from synscope.connections.model import Connection
from synscope.probes.session import Options

pytestmark = pytest.mark.needs_kernel

SEQUENCE = 2**32


def pair(to: str, at: str) -> None:
    """One connection from a socket of `to`'s family to a listener on `at`, accepted."""
    listener, active = listen(at), client(to)
    active.connect((to, listener.getsockname()[1]))
    passive, _ = listener.accept()
    say(client=ends(active), server=ends(passive))
    hear()


def fastopen(rounds: int) -> None:
    """connect() by sendto() with MSG_FASTOPEN, five bytes in the SYN from the second round on."""
    listener = listen()
    listener.setsockopt(socket.IPPROTO_TCP, socket.TCP_FASTOPEN, 16)
    for _ in range(rounds):
        active = client()
        active.sendto(b"hello", socket.MSG_FASTOPEN, listener.getsockname())
        passive, _ = listener.accept()
        assert passive.recv(5) == b"hello"
        say(client=ends(active), server=ends(passive))
        active.close()
        passive.close()


def multipath() -> None:
    """One MPTCP connection, and after it one of plain TCP."""
    for protocol in (MPTCP, 0):
        listener, active = listen(protocol=protocol), client(protocol=protocol)
        active.connect(listener.getsockname())
        passive, _ = listener.accept()
        say(port=active.getsockname()[1], peer_port=listener.getsockname()[1])
        active.close()
        passive.close()
        listener.close()


def itself() -> None:
    """A socket that connects to its own address: the simultaneous open of RFC 9293 section 3.5."""
    active = client()
    active.bind(("127.0.0.1", 0))
    code = active.connect_ex(active.getsockname())
    say(errno=name(code), **ends(active))


def again() -> None:
    """A refused connect(), and on the same socket one that is not."""
    active = client()
    first = active.connect_ex(("127.0.0.1", 1))
    listener = listen()
    second = active.connect_ex(listener.getsockname())
    passive, _ = listener.accept()
    say(errnos=[name(first), name(second)], client=ends(active), server=ends(passive))


def disconnected() -> None:
    """A connection, dissolved by connect() to AF_UNSPEC, and another one of the same socket."""
    listener, active = listen(), client()
    for _ in range(2):
        active.connect(listener.getsockname())
        passive, _ = listener.accept()
        say(client=ends(active), server=ends(passive))
        disconnect(active)
        passive.close()


def asked_twice() -> None:
    """Non-blocking connect() called until it says that it is connected."""
    listener, active = listen(), client()
    active.setblocking(False)
    codes = [active.connect_ex(listener.getsockname()) for _ in range(2)]
    passive, _ = listener.accept()
    codes.append(active.connect_ex(listener.getsockname()))
    say(errnos=[name(code) for code in codes], client=ends(active), server=ends(passive))


def given_up() -> None:
    """A non-blocking connect() that is closed before any answer came."""
    active = client()
    active.setblocking(False)
    say(errno=name(active.connect_ex(("127.0.0.1", 1234))), cookie=cookie(active))
    active.close()


def never_accepted() -> None:
    """The client closes, the listener closes, accept() was never called."""
    listener, active = listen(), client()
    active.connect(listener.getsockname())
    say(client=ends(active))
    active.close()
    listener.close()


def without_address() -> None:
    """accept() with a NULL address."""
    listener, active = listen(), client()
    active.connect(listener.getsockname())
    passive = accept_null(listener)
    say(client=ends(active), server=ends(passive), **myself())


def serve(address: str, count: int) -> None:
    """Accept and keep `count` connections; say the port, then each."""
    listener = listen(address)
    say(port=listener.getsockname()[1], **myself())
    kept = []
    for _ in range(count):
        kept.append(listener.accept()[0])
        say(**ends(kept[-1]))
    hear()


def call(address: str, port: int, count: int) -> None:
    """connect() `count` times and keep the connections; say each."""
    kept = []
    for _ in range(count):
        kept.append(client(address))
        kept[-1].connect((address, port))
        say(**ends(kept[-1]), **myself())


def cookies(connection: Connection) -> tuple[int | None, int | None]:
    return (
        connection.client.cookie if connection.client else None,
        connection.server.cookie if connection.server else None,
    )


def ports(connection: Connection) -> tuple[int | None, int | None]:
    assert connection.client and connection.server, summary(connection)
    return connection.client.port, connection.server.port


def milestones(connection: Connection, side: str) -> set[str]:
    return {mark.name for mark in connection.milestones if mark.side == side}


KINDS = {
    "v4": ("127.0.0.1", "127.0.0.1", "inet", False),
    "v6": ("::1", "::1", "inet6", False),
    "mapped to v4": ("::ffff:127.0.0.1", "127.0.0.1", "inet6", True),
    "v4 to dual": ("127.0.0.1", "::", "inet", True),
    "mapped to dual": ("::ffff:127.0.0.1", "::", "inet6", True),
    "v6 to dual": ("::1", "::", "inet6", False),
}


@pytest.mark.parametrize("detail", BOTH)
@pytest.mark.parametrize("kind", list(KINDS))
def test_families(netns, cgroup, kind, detail):
    to, at, family, mapped = KINDS[kind]
    with tracing(of_cgroup(cgroup, detail)) as taken:
        (report,) = ran(pair, to, at, namespace=netns, cgroup=cgroup)
    connection = taken.only()
    assert connection.client and connection.server
    assert cookies(connection) == (report["client"]["cookie"], report["server"]["cookie"])
    assert ports(connection) == (report["client"]["port"], report["server"]["port"])
    assert (connection.family, connection.mapped) == (family, mapped)
    address = to.removeprefix("::ffff:")
    assert (connection.client.address, connection.server.address) == (address, address)
    assert (connection.outcome, connection.errno) == ("established", None)
    assert [segment.flags for segment in connection.segments] == ["S", "S.", "."]


@pytest.mark.parametrize("detail", BOTH)
def test_fast_open(netns, cgroup, detail):
    netns.run("sysctl", "-qw", "net.ipv4.tcp_fastopen=3")
    with tracing(of_cgroup(cgroup, detail)) as taken:
        reports = ran(fastopen, 2, namespace=netns, cgroup=cgroup)
    found = taken.connections()
    assert [cookies(one) for one in found] == [
        (report["client"]["cookie"], report["server"]["cookie"]) for report in reports
    ]
    assert {one.outcome for one in found} == {"established"}
    if detail == "path":
        first, second = (one.segments for one in found)
        assert first[0].options and first[0].options["fastopen"] == ""
        assert first[1].options and first[1].options["fastopen"] == second[0].options["fastopen"]  # type: ignore[index]
        assert first[1].ack == (first[0].seq + 1) % SEQUENCE
        assert second[1].ack == (second[0].seq + 1 + len("hello")) % SEQUENCE


@pytest.mark.parametrize("detail", BOTH)
def test_multipath_is_said_to_be_left_out_and_its_subflow_is_shown(netns, cgroup, detail):
    with tracing(of_cgroup(cgroup, detail)) as taken:
        reports = ran(multipath, namespace=netns, cgroup=cgroup)
    assert taken.trace.footer.left_out == {"mptcp": 2}
    found = {ports(one): one for one in taken.connections()}
    expected = [(report["port"], report["peer_port"]) for report in reports]
    assert set(found) == set(expected)
    assert {one.outcome for one in found.values()} == {"established"}
    if detail == "path":
        options = [[segment.options or {} for segment in found[key].segments] for key in expected]
        assert all("mptcp" in one for one in options[0])
        assert not any("mptcp" in one for one in options[1])


@pytest.mark.parametrize("detail", BOTH)
def test_a_socket_that_connects_to_itself(netns, cgroup, detail):
    with tracing(of_cgroup(cgroup, detail)) as taken:
        (report,) = ran(itself, namespace=netns, cgroup=cgroup)
    connection = taken.only()
    assert report["errno"] is None
    assert cookies(connection) == (report["cookie"], None)
    assert connection.client and connection.client.port == report["port"] == report["peer_port"]
    assert connection.outcome == "established"
    states = [change.target for change in connection.transitions]
    assert states[:3] == ["SYN_SENT", "SYN_RECV", "ESTABLISHED"]


@pytest.mark.parametrize("detail", [pytest.param("record"), "path"])
def test_a_socket_that_connects_again_after_a_refusal(netns, cgroup, detail):
    with tracing(of_cgroup(cgroup, detail)) as taken:
        (report,) = ran(again, namespace=netns, cgroup=cgroup)
    first, second = taken.connections()
    assert report["errnos"] == [first.errno, second.errno] == ["ECONNREFUSED", None]
    assert (first.outcome, second.outcome) == ("refused", "established")
    assert cookies(first) == (report["client"]["cookie"], None)
    assert cookies(second) == (report["client"]["cookie"], report["server"]["cookie"])


@pytest.mark.parametrize("detail", BOTH)
def test_a_socket_that_connects_again_after_a_connection(netns, cgroup, detail):
    with tracing(of_cgroup(cgroup, detail)) as taken:
        reports = ran(disconnected, namespace=netns, cgroup=cgroup)
    found = taken.connections()
    assert [cookies(one) for one in found] == [
        (report["client"]["cookie"], report["server"]["cookie"]) for report in reports
    ]
    assert [ports(one) for one in found] == [
        (report["client"]["port"], report["server"]["port"]) for report in reports
    ]
    assert {one.outcome for one in found} == {"established"}


@pytest.mark.parametrize("detail", BOTH)
def test_a_connect_that_is_called_again_while_it_goes_on(netns, cgroup, detail):
    with tracing(of_cgroup(cgroup, detail)) as taken:
        (report,) = ran(asked_twice, namespace=netns, cgroup=cgroup)
    connection = taken.only()
    assert report["errnos"][0] == "EINPROGRESS" and report["errnos"][-1] == "EISCONN"
    assert (connection.outcome, connection.errno) == ("established", None)
    assert cookies(connection) == (report["client"]["cookie"], report["server"]["cookie"])


@pytest.mark.parametrize("detail", BOTH)
def test_an_attempt_that_its_owner_gave_up(netns, cgroup, detail):
    filter_rule(netns, "input")
    with tracing(of_cgroup(cgroup, detail)) as taken:
        (report,) = ran(given_up, namespace=netns, cgroup=cgroup)
    connection = taken.only()
    assert cookies(connection) == (report["cookie"], None)
    assert (connection.outcome, connection.errno) == ("aborted", None)


@pytest.mark.parametrize("detail", BOTH)
def test_a_connection_that_nobody_accepts(netns, cgroup, detail):
    with tracing(of_cgroup(cgroup, detail)) as taken:
        (report,) = ran(never_accepted, namespace=netns, cgroup=cgroup)
    connection = taken.only()
    assert connection.client and connection.server
    assert connection.outcome == "established"
    assert connection.client.cookie == report["client"]["cookie"]
    assert "queued" in milestones(connection, "server")
    assert "accepted" not in milestones(connection, "server")
    assert (connection.server.pid, connection.server.comm) == (None, None)


@pytest.mark.parametrize("detail", BOTH)
def test_accept_that_wants_no_address(netns, cgroup, detail):
    with tracing(of_cgroup(cgroup, detail)) as taken:
        (report,) = ran(without_address, namespace=netns, cgroup=cgroup)
    connection = taken.only()
    assert connection.server
    assert cookies(connection) == (report["client"]["cookie"], report["server"]["cookie"])
    assert connection.outcome == "established"
    if detail == "path":
        assert "accepted" in milestones(connection, "server")
        assert (connection.server.pid, connection.server.tid) == (report["pid"], report["tid"])


@contextmanager
def linked(client_side: Namespace) -> Iterator[Namespace]:
    """A second namespace, 192.0.2.2, joined to the first one, 192.0.2.1, by a veth pair."""
    with network_namespace() as far:
        near = client_side
        near.run("ip", "link", "add", "veth0", "type", "veth", "peer", "name", "veth0", "netns", far.name)
        for number, space in enumerate((near, far), 1):
            space.run("ip", "address", "add", f"192.0.2.{number}/24", "dev", "veth0")
            space.run("ip", "link", "set", "veth0", "up")
        yield far


@pytest.mark.parametrize("detail", BOTH)
def test_halves_in_two_namespaces(netns, cgroup, detail):
    with (
        linked(netns) as far,
        tracing(of_cgroup(cgroup, detail)) as taken,
        running(serve, "192.0.2.2", 5, namespace=far, cgroup=cgroup) as server,
    ):
        reports = ran(call, "192.0.2.2", server.hello["port"], 5, namespace=netns, cgroup=cgroup)
        accepts = server.read(5)
    found = taken.connections()
    by_port = {accept["peer_port"]: accept["cookie"] for accept in accepts}
    assert [cookies(one) for one in found] == [(r["cookie"], by_port[r["port"]]) for r in reports]
    for one in found:
        assert one.client and one.server
        assert (one.client.netns, one.server.netns) == (netns.inum, far.inum)
        assert [segment.flags for segment in one.segments] == ["S", "S.", "."]
        assert not any(segment.retransmission for segment in one.segments)


@pytest.mark.parametrize("detail", BOTH)
@pytest.mark.parametrize("traced", ["client", "server"])
def test_the_other_end_on_this_host_is_shown_and_said_not_to_be_traced(netns, cgroup, traced, detail):
    inside = {"namespace": netns, "cgroup": cgroup}
    outside = {"namespace": netns}
    with (
        tracing(of_cgroup(cgroup, detail)) as taken,
        running(serve, "127.0.0.1", 10, **(inside if traced == "server" else outside)) as server,
    ):
        where = inside if traced == "client" else outside
        reports = ran(call, "127.0.0.1", server.hello["port"], 10, **where)
        by_port = {accept["peer_port"]: accept["cookie"] for accept in server.read(10)}
    found = taken.connections()
    assert complete(taken.trace)
    assert [cookies(one) for one in found] == [(r["cookie"], by_port[r["port"]]) for r in reports]
    for one, report in zip(found, reports, strict=True):
        assert one.client and one.server
        assert (one.client.traced, one.server.traced) == (traced == "client", traced == "server")
        assert (one.client.pid, one.server.pid) == (report["pid"], server.hello["pid"])
        assert (one.client.isn, one.server.isn) == tuple(segment.seq for segment in one.segments[:2])


@pytest.mark.parametrize("detail", BOTH)
def test_without_peers_only_the_traced_half_is_there(netns, cgroup, detail):
    with (
        tracing(of_cgroup(cgroup, detail, peers=False)) as taken,
        running(serve, "127.0.0.1", 5, namespace=netns) as server,
    ):
        reports = ran(call, "127.0.0.1", server.hello["port"], 5, namespace=netns, cgroup=cgroup)
    assert [cookies(one) for one in taken.connections()] == [(report["cookie"], None) for report in reports]
    assert {one.outcome for one in taken.connections()} == {"established"}


@pytest.mark.parametrize("detail", BOTH)
def test_traffic_of_others_is_not_in_the_trace(netns, cgroup, detail):
    """A stranger talks to a stranger, and to the very address that the traced client talks to."""
    with (
        tracing(of_cgroup(cgroup, detail)) as taken,
        running(serve, "127.0.0.1", 20, namespace=netns) as server,
    ):
        port = server.hello["port"]
        ran(call, "127.0.0.1", port, 10, namespace=netns)
        ran(pair, "127.0.0.1", "127.0.0.1", namespace=netns)
        reports = ran(call, "127.0.0.1", port, 5, namespace=netns, cgroup=cgroup)
        ran(call, "127.0.0.1", port, 5, namespace=netns)
    assert [one.client.cookie for one in taken.connections() if one.client] == [r["cookie"] for r in reports]
    assert len(taken.connections()) == 5
    ours = {cookie for one in taken.connections() for cookie in cookies(one)}
    assert {int(half) for half in taken.trace.halves["cookie"]} <= ours
    assert {int(event) for event in taken.trace.events["cookie"]} <= ours | {0}


@pytest.mark.parametrize("detail", BOTH)
def test_the_filters_on_port_and_namespace(netns, detail):
    """`watch` traces whoever it is, by namespace and port."""
    with running(serve, "127.0.0.1", 5, namespace=netns) as server:
        port = server.hello["port"]
        with tracing(Options(detail=detail, netns=netns.inum, port=port)) as taken:
            reports = ran(call, "127.0.0.1", port, 5, namespace=netns)
            by_port = {accept["peer_port"]: accept["cookie"] for accept in server.read(5)}
            ran(pair, "127.0.0.1", "127.0.0.1", namespace=netns)
    found = taken.connections()
    assert [cookies(one) for one in found] == [(r["cookie"], by_port[r["port"]]) for r in reports]
