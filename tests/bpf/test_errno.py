"""The errno that connect() gave its caller, as the caller reports it, against the one in the trace."""

import socket
import threading
from typing import NamedTuple

import pytest

from support.firewall import filter_rule
from support.prelude import client, cookie, hear, listen, name, say
from support.scripts import Report, ran, running
from support.tracing import BOTH, Taken, of_cgroup, summary, tracing
from synscope.connections.model import Connection

pytestmark = pytest.mark.needs_kernel


class Case(NamedTuple):
    """How a connect() fails: where it goes, and what becomes of it.

    Attributes:
        before_syn: it fails before any SYN is made, so that record detail sees no error.
    """

    address: str
    errno: str
    outcome: str
    before_syn: bool = False


ROUTES = [
    "ip route add unreachable 203.0.113.2",
    "ip route add prohibit 203.0.113.3",
    "ip route add blackhole 203.0.113.4",
    "ip route add broadcast 203.0.113.5 dev lo",
    "ip route add 224.0.0.0/4 dev lo",
    "ip -6 route add unreachable 2001:db8::2",
    "ip -6 route add prohibit 2001:db8::3",
    "ip -6 route add blackhole 2001:db8::4",
]
AT_ONCE = [
    Case("127.0.0.1", "ECONNREFUSED", "refused"),
    Case("::1", "ECONNREFUSED", "refused"),
    Case("::ffff:127.0.0.1", "ECONNREFUSED", "refused"),
    Case("203.0.113.1", "ENETUNREACH", "unreachable", True),
    Case("203.0.113.2", "EHOSTUNREACH", "unreachable", True),
    Case("203.0.113.3", "EACCES", "denied", True),
    Case("203.0.113.4", "EINVAL", "invalid", True),
    Case("203.0.113.5", "ENETUNREACH", "unreachable", True),
    Case("224.0.0.1", "ENETUNREACH", "unreachable", True),
    Case("2001:db8::1", "ENETUNREACH", "unreachable", True),
    Case("2001:db8::2", "EHOSTUNREACH", "unreachable", True),
    Case("2001:db8::3", "EACCES", "denied", True),
    Case("2001:db8::4", "EINVAL", "invalid", True),
]
REJECTED = {
    "tcp reset": [
        Case("127.0.0.1", "ECONNREFUSED", "refused"),
        Case("::1", "ECONNREFUSED", "refused"),
    ],
    # On a socket that is in use an ICMP error is soft: the one that answers the second SYN decides.
    "icmpx admin-prohibited": [
        Case("127.0.0.1", "EHOSTUNREACH", "unreachable"),
        Case("::1", "EACCES", "denied"),
    ],
}


def call(addresses: list[str], port: int) -> None:
    """One blocking connect() to each address, all at the same time."""

    def one(address: str) -> None:
        active = client(address)
        code = active.connect_ex((address, port))
        say(address=address, errno=name(code), cookie=cookie(active))
        active.close()

    threads = [threading.Thread(target=one, args=(address,)) for address in addresses]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()


def call_with_user_timeout(address: str, port: int, milliseconds: int) -> None:
    """connect() with TCP_USER_TIMEOUT."""
    active = client(address)
    active.setsockopt(socket.IPPROTO_TCP, socket.TCP_USER_TIMEOUT, milliseconds)
    say(errno=name(active.connect_ex((address, port))))
    active.close()


def call_nonblocking(address: str, port: int) -> None:
    """A non-blocking connect(), and the error that the socket had for it later."""
    import select

    active = client(address)
    active.setblocking(False)
    code = active.connect_ex((address, port))
    select.select([], [active], [], 10)
    say(errno=name(code), later=name(active.getsockopt(socket.SOL_SOCKET, socket.SO_ERROR)))
    active.close()


def use_up_ports(address: str, count: int) -> None:
    """`count` connections that stay, and one connect() more."""
    listener = listen(address)
    kept = [client(address) for _ in range(count)]
    for active in kept:
        active.connect(listener.getsockname())
    last = client(address)
    code = last.connect_ex(listener.getsockname())
    say(errno=name(code), cookie=cookie(last))
    last.close()


def same_ports_twice(address: str) -> None:
    """Two connect()s from one fixed port to the same place."""
    listener = listen(address)
    first, second = client(address), client(address)
    for one in (first, second):
        one.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        one.bind((address, 4321))
    first.connect(listener.getsockname())
    code = second.connect_ex(listener.getsockname())
    say(errno=name(code), cookie=cookie(second))
    second.close()


def listening_port(address: str) -> None:
    """A server that has nothing to say."""
    listener = listen(address)
    say(port=listener.getsockname()[1])
    hear()


def told(connection: Connection) -> tuple[str | None, str | None]:
    return connection.errno, connection.outcome


def assert_told(cases: list[Case], reports: list[Report], taken: Taken) -> None:
    """Each case had the errno that it should have had, and that is what the trace says of it."""
    assert {report["address"]: report["errno"] for report in reports} == {
        case.address: case.errno for case in cases
    }
    cookies = {report["address"]: report["cookie"] for report in reports}
    found = {one.client.cookie: one for one in taken.connections() if one.client}
    blind = taken.trace.header.detail == "record"
    expected = {
        cookies[case.address]: (None, None) if blind and case.before_syn else (case.errno, case.outcome)
        for case in cases
    }
    assert {key: told(one) for key, one in found.items()} == expected
    assert not any(one.server for one in found.values())


@pytest.mark.parametrize("detail", BOTH)
def test_the_errno_is_the_callers(netns, cgroup, detail):
    for command in ROUTES:
        netns.run(*command.split())
    with tracing(of_cgroup(cgroup, detail)) as taken:
        reports = ran(call, [case.address for case in AT_ONCE], 1234, namespace=netns, cgroup=cgroup)
    assert_told(AT_ONCE, reports, taken)


@pytest.mark.parametrize("detail", BOTH)
@pytest.mark.parametrize("answer", list(REJECTED))
def test_a_firewall_that_rejects(netns, cgroup, answer, detail):
    filter_rule(netns, "output", f"tcp flags syn reject with {answer}")
    cases = REJECTED[answer]
    with tracing(of_cgroup(cgroup, detail)) as taken:
        reports = ran(call, [case.address for case in cases], 1234, namespace=netns, cgroup=cgroup)
    assert_told(cases, reports, taken)


@pytest.mark.parametrize("detail", BOTH)
def test_no_answer_to_any_syn(netns, cgroup, detail):
    filter_rule(netns, "input")
    for setting in ("tcp_syn_retries=1", "tcp_syn_linear_timeouts=0"):
        netns.run("sysctl", "-qew", f"net.ipv4.{setting}")  # the second one is of 6.5 and later
    cases = [Case("127.0.0.1", "ETIMEDOUT", "timed_out"), Case("::1", "ETIMEDOUT", "timed_out")]
    with tracing(of_cgroup(cgroup, detail)) as taken:
        reports = ran(call, [case.address for case in cases], 1234, namespace=netns, cgroup=cgroup)
    assert_told(cases, reports, taken)
    assert {one.client.retransmits for one in taken.connections() if one.client} == {1}


@pytest.mark.parametrize("detail", BOTH)
def test_user_timeout(netns, cgroup, detail):
    filter_rule(netns, "input")
    with tracing(of_cgroup(cgroup, detail)) as taken:
        (report,) = ran(call_with_user_timeout, "127.0.0.1", 1234, 300, namespace=netns, cgroup=cgroup)
    assert report["errno"] == "ETIMEDOUT"
    assert told(taken.only()) == ("ETIMEDOUT", "timed_out")


@pytest.mark.parametrize("detail", BOTH)
@pytest.mark.parametrize("address", ["127.0.0.1", "::1"])
def test_in_progress_and_then_refused(netns, cgroup, address, detail):
    with tracing(of_cgroup(cgroup, detail)) as taken:
        (report,) = ran(call_nonblocking, address, 1, namespace=netns, cgroup=cgroup)
    assert (report["errno"], report["later"]) == ("EINPROGRESS", "ECONNREFUSED")
    assert told(taken.only()) == ("ECONNREFUSED", "refused")


@pytest.mark.parametrize("detail", BOTH)
def test_in_progress_and_then_established(netns, cgroup, detail):
    with (
        tracing(of_cgroup(cgroup, detail)) as taken,
        running(listening_port, "127.0.0.1", namespace=netns, cgroup=cgroup) as server,
    ):
        (report,) = ran(call_nonblocking, "127.0.0.1", server.hello["port"], namespace=netns, cgroup=cgroup)
    assert (report["errno"], report["later"]) == ("EINPROGRESS", None)
    assert told(taken.only()) == (None, "established")


@pytest.mark.parametrize("detail", BOTH)
@pytest.mark.parametrize("address", ["127.0.0.1", "::1"])
def test_no_local_port_is_left(netns, cgroup, address, detail):
    netns.run("sysctl", "-qw", "net.ipv4.ip_local_port_range=20000 20003")
    with tracing(of_cgroup(cgroup, detail)) as taken:
        # The listener's own port is one of the four where the kernel chose it.
        (report,) = ran(use_up_ports, address, 3, namespace=netns, cgroup=cgroup)
    found = {one.client.cookie: one for one in taken.connections() if one.client}
    assert report["errno"] == "EADDRNOTAVAIL"
    known = ("EADDRNOTAVAIL", "no_local_port") if detail == "path" else (None, None)
    assert told(found.pop(report["cookie"])) == known
    assert {told(one) for one in found.values()} == {(None, "established")}


@pytest.mark.parametrize("detail", BOTH)
def test_the_same_ports_twice(netns, cgroup, detail):
    with tracing(of_cgroup(cgroup, detail)) as taken:
        (report,) = ran(same_ports_twice, "127.0.0.1", namespace=netns, cgroup=cgroup)
    first, second = taken.connections()
    assert told(first) == (None, "established"), summary(first)
    assert second.client and second.client.cookie == report["cookie"]
    assert report["errno"] == "EADDRNOTAVAIL"
    assert told(second) == (("EADDRNOTAVAIL", "address_in_use") if detail == "path" else (None, None))
