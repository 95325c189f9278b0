"""What a trace tells, summed up, against what the namespace's TCP counted of itself."""

from collections.abc import Iterator
from contextlib import contextmanager

import pytest

from support.counters import Counters, growth, tcp_counters
from support.firewall import EVERY_SECOND, SYN_ACK, filter_rule
from support.namespaces import Namespace
from support.prelude import client, hear, listen, name, reset_on_close, say
from support.scripts import ran, running
from support.tracing import BOTH, of_cgroup, tracing
from synscope.connections.model import Connection

pytestmark = pytest.mark.needs_kernel


def pairs(address: str, count: int) -> None:
    """Connect and accept, `count` times; close both."""
    listener = listen(address)
    for _ in range(count):
        active = client(address)
        active.connect(listener.getsockname())
        passive, _ = listener.accept()
        active.close()
        passive.close()


def refused(address: str, count: int) -> None:
    """connect() to a port where nobody listens."""
    for _ in range(count):
        active = client(address)
        say(errno=name(active.connect_ex((address, 1))))
        active.close()


def reset_by_server(address: str, count: int) -> None:
    """The server closes with an RST at once."""
    listener = listen(address)
    for _ in range(count):
        active = client(address)
        active.connect(listener.getsockname())
        passive, _ = listener.accept()
        reset_on_close(passive)
        passive.close()
        active.close()


def crowd(address: str, backlog: int, more: int) -> None:
    """Fill the accept queue, then `more` non-blocking connect()s; once told, accept all of them."""
    listener = listen(address, backlog=backlog)
    waiting = [client(address) for _ in range(backlog + 1 + more)]
    for active in waiting:
        active.setblocking(len(waiting) - waiting.index(active) > more)
        active.connect_ex(listener.getsockname())
    say()
    hear()
    for _ in waiting:
        listener.accept()
    say()


@contextmanager
def counting(namespace: Namespace) -> Iterator[Counters]:
    """The growth of the counters over the block, there when it has been left."""
    grown: Counters = {}
    before = tcp_counters(namespace)
    yield grown
    grown |= growth(before, tcp_counters(namespace))


def reached(found: list[Connection], side: str, state: str) -> int:
    """How many halves of a side were ever in a state."""
    return sum(
        any(change.side == side and change.target == state for change in connection.transitions)
        for connection in found
    )


def retransmits(found: list[Connection]) -> int:
    """SYNs and SYN-ACKs that were sent again."""
    halves = [half for connection in found for half in (connection.client, connection.server) if half]
    return sum(half.retransmits for half in halves)


def resets(found: list[Connection]) -> int:
    return sum(segment.flags.startswith("R") for connection in found for segment in connection.segments)


@pytest.mark.parametrize("detail", BOTH)
@pytest.mark.parametrize("address", ["127.0.0.1", "::1"])
def test_opens_and_failed_attempts(netns, cgroup, address, detail):
    with tracing(of_cgroup(cgroup, detail)) as taken, counting(netns) as counters:
        ran(pairs, address, 30, namespace=netns, cgroup=cgroup)
        assert {report["errno"] for report in ran(refused, address, 12, namespace=netns, cgroup=cgroup)} == {
            "ECONNREFUSED"
        }
    found = taken.connections()
    assert counters["ActiveOpens"] == reached(found, "client", "SYN_SENT") == 42
    assert counters["PassiveOpens"] == reached(found, "server", "ESTABLISHED") == 30
    assert counters["AttemptFails"] == sum(one.outcome == "refused" for one in found) == 12
    assert counters["TCPSynRetrans"] == retransmits(found) == 0


def test_resets_that_were_sent(netns, cgroup):
    with tracing(of_cgroup(cgroup)) as taken, counting(netns) as counters:
        ran(refused, "127.0.0.1", 5, namespace=netns, cgroup=cgroup)
        ran(reset_by_server, "127.0.0.1", 7, namespace=netns, cgroup=cgroup)
    assert counters["OutRsts"] == resets(taken.connections()) == 12


@pytest.mark.parametrize("more", [1, 3])
def test_an_overflowing_accept_queue(netns, cgroup, more):
    backlog = 4  # no more requests than this at once: else some SYNs are dropped for another reason
    netns.run("sysctl", "-qw", "net.ipv4.tcp_syncookies=0")
    with (
        tracing(of_cgroup(cgroup)) as taken,
        counting(netns) as counters,
        running(crowd, "127.0.0.1", backlog, more, namespace=netns, cgroup=cgroup) as script,
    ):
        script.ask()
    found = taken.connections()
    syns = [one for connection in found for one in connection.segments if one.flags == "S"]
    arrived = [one for one in syns if one.received_ns]
    served = [connection for connection in found if connection.server]
    assert len(found) == len(served) == counters["ActiveOpens"] == backlog + 1 + more
    assert len(arrived) - len(served) == counters["ListenDrops"] == counters["ListenOverflows"] >= more
    assert retransmits(found) == counters["TCPSynRetrans"]


def test_retransmissions_of_both_kinds(netns, cgroup):
    filter_rule(netns, "input", f"{SYN_ACK} {EVERY_SECOND}")
    with tracing(of_cgroup(cgroup, "record")) as taken, counting(netns) as counters:
        ran(pairs, "127.0.0.1", 1, namespace=netns, cgroup=cgroup)
    assert counters["TCPSynRetrans"] == retransmits(taken.connections()) >= 2


@pytest.mark.parametrize("detail", BOTH)
@pytest.mark.parametrize("address", ["127.0.0.1", "::1"])
def test_syn_cookies(netns, cgroup, address, detail):
    netns.run("sysctl", "-qw", "net.ipv4.tcp_syncookies=2")  # always, not only when the queue is full
    with tracing(of_cgroup(cgroup, detail)) as taken, counting(netns) as counters:
        ran(pairs, address, 10, namespace=netns, cgroup=cgroup)
    found = taken.connections()
    listeners = [one.server.listener for one in found if one.server]
    by_cookie = [one for one in listeners if one and one.syn_cookie]
    assert counters["SyncookiesSent"] == counters["SyncookiesRecv"] == len(by_cookie) == len(found) == 10
    assert counters["PassiveOpens"] == reached(found, "server", "ESTABLISHED")
    assert all(one.client for one in found)
