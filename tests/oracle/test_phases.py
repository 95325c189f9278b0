"""Phases against tcpdump in the same namespace, and against the clock of the processes themselves."""

import socket
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from support.firewall import EVERY_SECOND, SYN, SYN_ACK, filter_rule
from support.namespaces import Namespace, network_namespace
from support.pcap import Packet, packets
from support.prelude import client, listen, name, say, threading
from support.scripts import ran
from support.tracing import BOTH, complete, of_cgroup, tracing
from synscope.connections.model import Connection, SideName

pytestmark = pytest.mark.needs_kernel

COUNT = 50
MICROSECOND = 1_000  # tcpdump's times are cut to whole ones
TICK = 10_000_000  # the timer wheel's, at most (CONFIG_HZ=100)


def churn(count: int) -> None:
    """Connect and accept in one thread: accept() comes after the connection, never before."""
    listener = listen()
    for _ in range(count):
        active = client()
        before = time.monotonic_ns()
        active.connect(listener.getsockname())
        connected = time.monotonic_ns()
        passive, _ = listener.accept()
        ends = {"port": active.getsockname()[1], "peer_port": listener.getsockname()[1]}
        say(**ends, before=before, connected=connected, accepted=time.monotonic_ns())
        active.close()
        passive.close()


def awaited() -> None:
    """A connection that a thread waits for in accept()."""
    listener = listen()
    thread = threading.Thread(target=listener.accept)
    thread.start()
    wanted = f"/proc/self/task/{thread.native_id}/stat"
    while Path(wanted).read_text().rsplit(")", 1)[1].split()[0] != "S":
        time.sleep(0)
    active = client()
    active.connect(listener.getsockname())
    thread.join()


def one(address: str, port: int, tries: int) -> None:
    """A connect() that may send its SYN again so often; what came of it, and when."""
    active = client(address)
    active.setsockopt(socket.IPPROTO_TCP, socket.TCP_SYNCNT, tries)
    before = time.monotonic_ns()
    code = active.connect_ex((address, port))
    say(errno=name(code), took=time.monotonic_ns() - before)


def phase(connection: Connection, side: SideName, of: str) -> int:
    """How long a phase lasted; 0 where there is none."""
    return sum(one.duration_ns for one in connection.phases if (one.side, one.name) == (side, of))


def names(connection: Connection, side: SideName) -> list[str]:
    return [one.name for one in connection.phases if one.side == side]


def wire(captured: list[Packet], connection: Connection, flags: str) -> list[int]:
    """When tcpdump saw the connection's segments with these flags."""
    assert connection.client
    ends = {connection.client.port, connection.client.peer_port}
    return [one.t_ns for one in captured if set(one.ends) == ends and one.flags == flags]


def lies_between(value: int, least: int, most: int) -> bool:
    return least - MICROSECOND <= value <= most + MICROSECOND


@pytest.mark.parametrize("side", ["client", "server"])
def test_the_wait_for_an_answer_is_the_one_on_the_wire(netns, cgroup, capture, side):
    """tcpdump's tap lies between a segment's sending and its receipt; an interrupt beside it moves few."""
    with capture(netns, "lo") as pcap, tracing(of_cgroup(cgroup)) as taken:
        ran(churn, COUNT, namespace=netns, cgroup=cgroup)
    assert complete(taken.trace)
    captured, found = packets(pcap), taken.connections()
    assert len(found) == COUNT
    agree = 0
    for connection in found:
        syn, synack, ack = (wire(captured, connection, flags)[0] for flags in ("S", "S.", "."))
        distance = synack - syn if side == "client" else ack - synack
        peer = phase(connection, side, "peer")
        ways = phase(connection, side, "network_out") + phase(connection, side, "network_back")
        agree += lies_between(distance, peer, peer + ways)
    assert agree > COUNT * 0.8


@pytest.mark.parametrize("detail", BOTH)
def test_totals_and_the_accept_queue_are_within_what_the_process_measured(netns, cgroup, detail):
    with tracing(of_cgroup(cgroup, detail)) as taken:
        reports = ran(churn, COUNT, namespace=netns, cgroup=cgroup)
    assert complete(taken.trace)
    for report, connection in zip(reports, taken.connections(), strict=True):
        assert connection.client
        assert connection.server
        assert connection.client.port == report["port"]
        assert connection.client.total_ns
        assert connection.client.total_ns < report["connected"] - report["before"]
        (queue,) = (one for one in connection.phases if one.name == "accept_queue")
        assert queue.start_ns < report["connected"] < queue.start_ns + queue.duration_ns < report["accepted"]
        assert "accept_wake" not in names(connection, "server")


def test_what_a_thread_waits_for_is_woken_for(netns, cgroup):
    with tracing(of_cgroup(cgroup)) as taken:
        ran(awaited, namespace=netns, cgroup=cgroup)
    assert names(taken.only(), "server")[-1] == "accept_wake"


DROPS = {"S": (SYN, "syn_retransmit"), "S.": (SYN_ACK, "synack_retransmit")}


@pytest.mark.parametrize("lost", DROPS)
def test_waiting_for_the_retransmission_timer_is_counted_apart(netns, cgroup, capture, lost):
    rule, again = DROPS[lost]
    filter_rule(netns, "input", f"{rule} {EVERY_SECOND}")
    with capture(netns, "lo") as pcap, tracing(of_cgroup(cgroup)) as taken:
        ran(churn, 1, namespace=netns, cgroup=cgroup)
    connection = taken.only()
    first, second = wire(packets(pcap), connection, lost)[:2]
    ways = sum(phase(connection, side, "network_out") for side in ("client", "server"))
    for side in ("client", "server"):
        waited = phase(connection, side, again)
        assert lies_between(second - first, waited - ways - TICK, waited + ways + TICK)
        assert waited >= 1_000_000_000 - TICK  # TCP_TIMEOUT_INIT, include/net/tcp.h
    assert connection.client
    total = connection.client.total_ns or 0
    assert total - phase(connection, "client", again) < waited


def test_a_timeout_is_told_try_by_try(netns, cgroup, capture):
    netns.run("sysctl", "-qw", "net.ipv4.tcp_syn_linear_timeouts=0")
    filter_rule(netns, "input")
    with capture(netns, "lo") as pcap, tracing(of_cgroup(cgroup)) as taken:
        (report,) = ran(one, "127.0.0.1", 9, 1, namespace=netns, cgroup=cgroup)
    connection = taken.only()
    assert (report["errno"], connection.errno) == ("ETIMEDOUT", "ETIMEDOUT")
    first, second = wire(packets(pcap), connection, "S")
    assert names(connection, "client") == ["route", "port", "ip_output", "syn_retransmit", "syn_timeout"]
    assert abs(phase(connection, "client", "syn_retransmit") - (second - first)) < TICK
    assert phase(connection, "client", "syn_timeout") >= 2_000_000_000 - TICK  # the second RTO
    assert connection.client
    assert 0 < (connection.client.total_ns or 0) < report["took"]


@contextmanager
def joined(near: Namespace) -> Iterator[Namespace]:
    """A second namespace, 192.0.2.2, joined to the first, 192.0.2.1, by a veth pair."""
    with network_namespace("synscope-far") as far:
        near.run("ip", "link", "add", "veth0", "type", "veth", "peer", "name", "veth0", "netns", far.name)
        for number, space in enumerate((near, far), 1):
            space.run("ip", "address", "add", f"192.0.2.{number}/24", "dev", "veth0")
            space.run("ip", "link", "set", "veth0", "up")
        yield far


def neighbours(namespace: Namespace) -> str:
    return namespace.run("ip", "neighbour", "show", "192.0.2.2")


def test_the_first_syn_to_a_neighbour_waits_for_its_address(
    netns: Namespace, cgroup: Path, server: Callable[..., object]
) -> None:
    with joined(netns) as far:
        port = server("192.0.2.2", namespace=far).port  # type: ignore[attr-defined]
        assert not neighbours(netns)
        with tracing(of_cgroup(cgroup)) as taken:
            ran(one, "192.0.2.2", port, 1, namespace=netns, cgroup=cgroup)
            assert "lladdr" in neighbours(netns)
            ran(one, "192.0.2.2", port, 1, namespace=netns, cgroup=cgroup)
    first, second = taken.connections()
    assert names(first, "client")[:3] == ["route", "port", "neighbour"]
    assert names(second, "client")[:3] == ["route", "port", "ip_output"]


def test_a_neighbour_that_does_not_answer_takes_all_the_time(netns: Namespace, cgroup: Path) -> None:
    with joined(netns):
        netns.run("sysctl", "-qw", "net.ipv4.neigh.veth0.retrans_time_ms=50")
        with tracing(of_cgroup(cgroup)) as taken:
            (report,) = ran(one, "192.0.2.3", 9, 1, namespace=netns, cgroup=cgroup)
    assert report["errno"] == "EHOSTUNREACH"
    connection = taken.only()
    assert names(connection, "client") == ["route", "port", "neighbour"]
    assert phase(connection, "client", "neighbour") >= 3 * 50_000_000 - TICK  # mcast_solicit of them
