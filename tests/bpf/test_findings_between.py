"""What happens between the ends: translation, rewritten options, slow neighbours, SYNs lost or crossing."""

import socket
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager

import pytest

from support.diagnosed import codes, diagnosed, only
from support.firewall import SYN
from support.links import linked, routed
from support.namespaces import Namespace
from support.prelude import client, hear, listen, say
from support.scripts import ran, running
from support.tracing import BOTH, of_cgroup, tracing
from support.workloads import connect, serve

pytestmark = pytest.mark.needs_kernel


@pytest.mark.parametrize("detail", BOTH)
def test_a_translated_destination(netns, cgroup, detail):
    with routed(netns) as (router, far):
        router.run("nft", "add table ip n; add chain ip n c { type nat hook prerouting priority -100; }")
        router.run("nft", "add rule ip n c tcp dport 8080 dnat to 198.51.100.1:9090")
        with (
            tracing(of_cgroup(cgroup, detail)) as taken,
            running(serve, "0.0.0.0", 9090, 128, 1, namespace=far, cgroup=cgroup) as server,
        ):
            (report,) = ran(connect, "192.0.2.2", 8080, namespace=netns, cgroup=cgroup)
            assert server.finish() == 0
            taken.finish()
    assert report["errno"] is None
    assert [codes(one) for one in diagnosed(taken)] == [["nat-between"]] * 2


def mss_of_peer() -> None:
    """What the server's socket believes the client's MSS to be: the witness."""
    listener = listen("0.0.0.0", 9090)
    say()
    passive, _ = listener.accept()
    say(mss=passive.getsockopt(socket.IPPROTO_TCP, socket.TCP_MAXSEG))
    hear()


def test_a_lowered_mss(netns, cgroup):
    with routed(netns) as (router, far):
        router.run("nft", "add table ip n; add chain ip n c { type filter hook forward priority 0; }")
        router.run("nft", f"add rule ip n c {SYN} tcp option maxseg size set 1200")
        with (
            tracing(of_cgroup(cgroup)) as taken,
            running(mss_of_peer, namespace=far, cgroup=cgroup) as server,
        ):
            ran(connect, "198.51.100.1", 9090, namespace=netns, cgroup=cgroup)
            (report,) = server.read(1)
            taken.finish()
    assert report["mss"] <= 1200
    (one,) = diagnosed(taken)
    assert codes(one) == ["options-altered"]
    assert "SYN: mss 1460" in one.findings[0].evidence[0] and "1200" in one.findings[0].evidence[0]


def fast_open_with_a_new_key() -> None:
    """A cookie of one key, and a SYN with data and that cookie under the next."""
    import subprocess

    listener = listen()
    listener.setsockopt(socket.IPPROTO_TCP, socket.TCP_FASTOPEN, 16)
    for number in range(2):
        key = "-".join(f"{number + 1:08x}" for _ in range(4))
        subprocess.run(["sysctl", "-qw", f"net.ipv4.tcp_fastopen_key={key}"], check=True)
        active = client()
        active.sendto(b"hello", socket.MSG_FASTOPEN, listener.getsockname())
        passive, _ = listener.accept()
        assert passive.recv(5) == b"hello"
        active.close()
        passive.close()


def test_a_fast_open_cookie_that_is_not_valid(netns, cgroup):
    netns.run("sysctl", "-qw", "net.ipv4.tcp_fastopen=3")
    with tracing(of_cgroup(cgroup)) as taken:
        ran(fast_open_with_a_new_key, namespace=netns, cgroup=cgroup)
    assert [codes(one) for one in diagnosed(taken)] == [[], ["fastopen-refused"]]
    assert "PassiveFail" in netns.run("nstat", "-asz", "TcpExtTCPFastOpenPassiveFail")


@contextmanager
def later(space: Namespace, seconds: float, *command: str) -> Iterator[None]:
    """Runs a command in the namespace while the block runs."""

    def act() -> None:
        time.sleep(seconds)
        space.run(*command)

    thread = threading.Thread(target=act)
    thread.start()
    try:
        yield
    finally:
        thread.join()


def test_a_neighbour_that_answers_late(netns, cgroup):
    """The kernel asks again after a second; a non-zero retrans_time makes that 100 ms."""
    with linked(netns) as far:
        netns.run("sysctl", "-qw", "net.ipv4.neigh.veth0.retrans_time_ms=100")
        far.run("ip", "link", "set", "veth0", "arp", "off")
        with (
            tracing(of_cgroup(cgroup)) as taken,
            running(serve, "0.0.0.0", 0, 128, 1, namespace=far, cgroup=cgroup) as server,
            later(far, 0.15, "ip", "link", "set", "veth0", "arp", "on"),
        ):
            (report,) = ran(connect, "192.0.2.2", server.hello["port"], namespace=netns, cgroup=cgroup)
            assert server.finish() == 0
            taken.finish()
    assert report["errno"] is None
    assert only(taken) == ["slow-neighbour"]


@pytest.mark.parametrize("detail", BOTH)
def test_a_lost_syn_and_one_that_gets_through(netns, cgroup, detail):
    netns.run("nft", "add table inet t; add chain inet t c { type filter hook output priority 0; }")
    netns.run("nft", f"add rule inet t c {SYN} limit rate 1/hour burst 1 packets drop")
    with (
        tracing(of_cgroup(cgroup, detail)) as taken,
        running(serve, "127.0.0.1", 0, 128, 1, namespace=netns, cgroup=cgroup) as server,
    ):
        ran(connect, "127.0.0.1", server.hello["port"], namespace=netns, cgroup=cgroup)
        assert server.finish() == 0
        taken.finish()
    (one,) = diagnosed(taken)
    cause = "syn-dropped-output" if detail == "path" else "syn-dropped-netfilter"
    assert codes(one) == [cause, "slow-retransmission"]
    assert {finding.severity for finding in one.findings} == {"warning"}


def from_port(own: int, other: int) -> None:
    active = client()
    active.bind(("127.0.0.1", own))
    active.setblocking(False)
    active.connect_ex(("127.0.0.1", other))
    say()
    hear()


@pytest.mark.parametrize("detail", BOTH)
def test_two_that_connect_to_each_other(netns, cgroup, detail):
    """The first one's SYN is dropped, so that the second one's finds it in SYN_SENT."""
    netns.run("nft", "add table inet t; add chain inet t c { type filter hook output priority 0; }")
    netns.run("nft", f"add rule inet t c {SYN} limit rate 1/hour burst 1 packets drop")
    with (
        tracing(of_cgroup(cgroup, detail)) as taken,
        running(from_port, 5001, 5002, namespace=netns, cgroup=cgroup),
        running(from_port, 5002, 5001, namespace=netns, cgroup=cgroup),
    ):
        assert "ESTAB" in netns.run("ss", "-Htn", "sport = :5001")
        taken.finish()
    (one,) = diagnosed(taken)
    assert "simultaneous-open" in codes(one)
