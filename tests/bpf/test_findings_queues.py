"""Full queues, slow programs and closed listeners, against the namespace's own counters and what ss shows."""

import time

import pytest

from support.counters import growth, tcp_counters
from support.diagnosed import codes, diagnosed, only
from support.firewall import SYN_ACK, filter_rule
from support.prelude import client, hear, listen, name, say
from support.scripts import ran, running
from support.tracing import BOTH, of_cgroup, tracing
from support.workloads import connect, keep, serve

pytestmark = pytest.mark.needs_kernel

PURE_ACK = "tcp flags & (syn | ack | fin) == ack"


def fill(port: int, count: int) -> None:
    """Connections that are established and never accepted, then one that is not answered."""
    kept = [client() for _ in range(count)]
    for active in kept:
        active.connect(("127.0.0.1", port))
    late = client()
    late.settimeout(0.4)
    try:
        late.connect(("127.0.0.1", port))
    except OSError as error:
        say(late=name(error.errno) if error.errno else "timeout")


@pytest.mark.parametrize("detail", BOTH)
def test_the_accept_queue_is_full_at_the_syn(netns, cgroup, detail):
    before = tcp_counters(netns)
    with (
        tracing(of_cgroup(cgroup, detail)) as taken,
        running(serve, "127.0.0.1", 0, 1, namespace=netns, cgroup=cgroup) as server,
    ):
        (report,) = ran(fill, server.hello["port"], 2, namespace=netns, cgroup=cgroup)
        taken.finish()
    assert report["late"] == "timeout"
    assert growth(before, tcp_counters(netns))["ListenOverflows"] == 1
    *others, last = diagnosed(taken)
    assert [codes(one) for one in others] == [[], []]
    assert codes(last) == ["accept-queue-overflow", "gave-up"]
    assert "was full (2, limit 1)" in last.findings[0].summary


def one_and_then_two(port: int) -> None:
    """A connection that waits for accept(); then two SYNs that are answered before either ACK comes."""
    kept = [client() for _ in range(3)]
    kept[0].connect(("127.0.0.1", port))
    say()
    hear()
    for active in kept[1:]:
        active.setblocking(False)
        active.connect_ex(("127.0.0.1", port))
    say()
    hear()


@pytest.mark.parametrize("detail", BOTH)
def test_the_accept_queue_is_full_at_the_ack(netns, cgroup, detail):
    """The first ACKs of both are dropped: both requests are there when the next ones come, a second later."""
    netns.run("sysctl", "-qw", "net.ipv4.tcp_syncookies=0")
    before = tcp_counters(netns)
    with (
        tracing(of_cgroup(cgroup, detail)) as taken,
        running(serve, "127.0.0.1", 0, 1, namespace=netns, cgroup=cgroup) as server,
        running(one_and_then_two, server.hello["port"], namespace=netns, cgroup=cgroup) as clients,
    ):
        filter_rule(netns, "output", f"{PURE_ACK} limit rate 1/hour burst 2 packets drop")
        clients.ask()
        awaited(lambda: growth(before, tcp_counters(netns))["ListenOverflows"] >= 1)
        taken.finish()
    first, *others = [codes(one) for one in diagnosed(taken)]
    assert first == (["slow-accept"] if detail == "path" else [])  # record detail cannot know that
    assert sorted(one[0] for one in others) == ["accept-queue-overflow-ack", "final-ack-lost"]


def awaited(condition, seconds=10.0):
    """TCP's own timers decide when: looked at until then."""
    end = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < end
        time.sleep(0.02)


def many_at_once(port: int, count: int) -> None:
    import time

    kept = [client() for _ in range(count)]
    for active in kept:
        active.setblocking(False)
        active.connect_ex(("127.0.0.1", port))
    time.sleep(0.3)  # longer than what is forgiven without a retransmission
    say()
    for active in kept:
        active.close()


@pytest.mark.parametrize("detail", BOTH)
def test_the_syn_queue_is_full(netns, cgroup, detail):
    """The SYN-ACKs are lost, so that requests stay; without cookies the fifth SYN is ignored."""
    netns.run("sysctl", "-qw", "net.ipv4.tcp_syncookies=0")
    filter_rule(netns, "output", f"{SYN_ACK} drop")
    before = tcp_counters(netns)
    with (
        tracing(of_cgroup(cgroup, detail)) as taken,
        running(serve, "127.0.0.1", 0, 3, namespace=netns, cgroup=cgroup) as server,
    ):
        ran(many_at_once, server.hello["port"], 6, namespace=netns, cgroup=cgroup)
        taken.finish()
    ignored = growth(before, tcp_counters(netns))["TCPReqQFullDrop"]
    told = [codes(one) for one in diagnosed(taken)]
    assert ignored > 0
    assert told == [["synack-dropped", "gave-up"]] * (6 - ignored) + [["syn-queue-full", "gave-up"]] * ignored


def accepted(count: int) -> None:
    listener = listen()
    for _ in range(count):
        active = client()
        active.connect(listener.getsockname())
        listener.accept()[0].close()
        active.close()


@pytest.mark.parametrize("detail", BOTH)
def test_syn_cookies(netns, cgroup, detail):
    netns.run("sysctl", "-qw", "net.ipv4.tcp_syncookies=2")
    before = tcp_counters(netns)
    with tracing(of_cgroup(cgroup, detail)) as taken:
        ran(accepted, 3, namespace=netns, cgroup=cgroup)
    assert growth(before, tcp_counters(netns))["SyncookiesRecv"] == 3
    assert [codes(one) for one in diagnosed(taken)] == [["syn-cookies"]] * 3


def slow(seconds: float) -> None:
    import time

    listener, active = listen(), client()
    active.connect(listener.getsockname())
    time.sleep(seconds)  # the fault itself: a server that does something else
    listener.accept()[0].close()


@pytest.mark.parametrize("detail", BOTH)
def test_a_server_that_does_not_accept(netns, cgroup, detail):
    with tracing(of_cgroup(cgroup, detail)) as taken:
        ran(slow, 0.4, namespace=netns, cgroup=cgroup)
    assert only(taken) == ["slow-accept"]


def test_the_listener_is_closed_while_a_connection_waits(netns, cgroup):
    with (
        tracing(of_cgroup(cgroup)) as taken,
        running(serve, namespace=netns, cgroup=cgroup) as server,
        running(keep, "127.0.0.1", server.hello["port"], namespace=netns, cgroup=cgroup),
    ):
        assert server.finish() == 0
        taken.finish()
    assert only(taken) == ["listener-closed"]


@pytest.mark.parametrize("detail", BOTH)
def test_the_listener_is_closed_while_the_ack_is_awaited(netns, cgroup, detail):
    filter_rule(netns, "output", f"{PURE_ACK} limit rate 1/hour burst 1 packets drop")
    with (
        tracing(of_cgroup(cgroup, detail)) as taken,
        running(serve, namespace=netns, cgroup=cgroup) as server,
        running(keep, "127.0.0.1", server.hello["port"], namespace=netns, cgroup=cgroup),
    ):
        assert server.finish() == 0
        taken.finish()
    told = only(taken)
    # Record detail does not see whether the rule dropped the ACK or rejected it, and so reset the client.
    assert told == sorted(told, reverse=detail == "path")
    assert set(told) == {"listener-closed", "final-ack-lost"}


@pytest.mark.parametrize("detail", BOTH)
def test_a_server_that_goes_after_its_clients_is_not_accused(netns, cgroup, detail):
    with (
        tracing(of_cgroup(cgroup, detail)) as taken,
        running(serve, namespace=netns, cgroup=cgroup) as server,
    ):
        ran(connect, "127.0.0.1", server.hello["port"], namespace=netns, cgroup=cgroup)
        assert server.finish() == 0
        taken.finish()
    assert only(taken) == []
