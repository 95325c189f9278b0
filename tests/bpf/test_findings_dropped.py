"""SYNs and SYN-ACKs that real rules and routes free, proven by the rule's own counter or by the errno."""

import json

import pytest

from support.cgroup_bpf import refusing
from support.diagnosed import codes, diagnosed, only
from support.firewall import SYN_ACK
from support.links import link_address, linked, routed
from support.namespaces import Namespace
from support.prelude import client, hear, say
from support.scripts import ran, running
from support.tracing import BOTH, of_cgroup, tracing
from support.workloads import connect, serve, swallow

pytestmark = pytest.mark.needs_kernel

PORT = 1234
TO_PORT = f"tcp dport {PORT}"
HOOKS = {"output": "syn-dropped-output", "input": "syn-dropped-input", "prerouting": "syn-dropped-netfilter"}


def rule(space: Namespace, hook: str, text: str) -> None:
    """A counting rule in a table `t`."""
    space.run("nft", f"add table inet t; add chain inet t c {{ type filter hook {hook} priority 0; }}")
    space.run("nft", f"add rule inet t c {text}")


def counted(space: Namespace) -> int:
    """How many packets its rule has counted: the witness."""
    text = space.run("nft", "-j", "list", "chain", "inet", "t", "c")
    rules = [one["rule"] for one in json.loads(text)["nftables"] if "rule" in one]
    return sum(part["counter"]["packets"] for one in rules for part in one["expr"] if "counter" in part)


def expected(code: str, detail: str) -> list[str]:
    """Record detail does not know the hook."""
    return [code if detail == "path" else "syn-dropped-netfilter", "gave-up"]


@pytest.mark.parametrize("detail", BOTH)
@pytest.mark.parametrize("hook", list(HOOKS))
def test_netfilter_on_the_clients_host(netns, cgroup, hook, detail):
    rule(netns, hook, f"{TO_PORT} counter drop")
    with tracing(of_cgroup(cgroup, detail)) as taken:
        (report,) = ran(connect, "127.0.0.1", PORT, 0.2, namespace=netns, cgroup=cgroup)
    assert report["errno"] == "timeout" and counted(netns) == 1
    assert only(taken) == expected(HOOKS[hook], detail)


@pytest.mark.parametrize("detail", BOTH)
def test_netfilter_over_ipv6(netns, cgroup, detail):
    rule(netns, "output", f"{TO_PORT} counter drop")
    with tracing(of_cgroup(cgroup, detail)) as taken:
        ran(connect, "::1", PORT, 0.2, namespace=netns, cgroup=cgroup)
    assert counted(netns) == 1
    assert only(taken) == expected("syn-dropped-output", detail)


@pytest.mark.parametrize("detail", BOTH)
def test_netfilter_at_the_server_and_between(netns, cgroup, detail):
    with routed(netns) as (router, far):
        rule(router, "forward", f"{TO_PORT} counter drop")
        rule(far, "input", "tcp dport 4321 counter drop")
        with tracing(of_cgroup(cgroup, detail)) as taken:
            for port in (PORT, 4321):
                ran(connect, "198.51.100.1", port, 0.2, namespace=netns, cgroup=cgroup)
        assert (counted(router), counted(far)) == (1, 1)
    between, at_the_end = diagnosed(taken)
    assert codes(between) == expected("syn-dropped-forward", detail)
    assert codes(at_the_end) == expected("syn-dropped-input", detail)
    if detail == "path":
        assert f"in network namespace {router.inum}" in between.findings[0].evidence
        assert f"in network namespace {far.inum}" in at_the_end.findings[0].evidence


@pytest.mark.parametrize("detail", BOTH)
@pytest.mark.parametrize("hook", ["output", "input"])
def test_the_answer_is_dropped(netns, cgroup, hook, detail):
    rule(netns, hook, f"{SYN_ACK} counter drop")
    with (
        tracing(of_cgroup(cgroup, detail)) as taken,
        running(serve, namespace=netns, cgroup=cgroup) as server,
    ):
        ran(connect, "127.0.0.1", server.hello["port"], 0.2, namespace=netns, cgroup=cgroup)
        assert counted(netns) >= 1
        taken.finish()
    assert only(taken) == ["synack-dropped", "gave-up"]


@pytest.mark.parametrize("detail", BOTH)
def test_reverse_path_filter(netns, cgroup, detail):
    with linked(netns) as far:
        netns.run("ip", "address", "add", "198.51.100.9/32", "dev", "lo")
        netns.run("ip", "neigh", "add", "192.0.2.2", "lladdr", link_address(far), "dev", "veth0")
        far.run("sysctl", "-qw", "net.ipv4.conf.all.rp_filter=1", "net.ipv4.conf.veth0.rp_filter=1")
        with tracing(of_cgroup(cgroup, detail)) as taken:
            ran(connect, "192.0.2.2", PORT, 0.2, ["198.51.100.9", 0], namespace=netns, cgroup=cgroup)
        assert reverse_path_drops(far) == 1
    assert only(taken) == ["reverse-path-filter", "gave-up"]


def reverse_path_drops(space: Namespace) -> int:
    """TcpExt's IPReversePathFilter."""
    lines = space.run("cat", "/proc/net/netstat").splitlines()
    names, values = (line.split() for line in lines[:2])
    return int(dict(zip(names, values, strict=True))["IPReversePathFilter"])


@pytest.mark.parametrize("detail", BOTH)
def test_a_cgroups_program_forbids_its_packets(netns, cgroup, detail):
    inner = cgroup / "inner"
    inner.mkdir()
    with refusing(inner, "egress"), tracing(of_cgroup(cgroup, detail)) as taken:
        (report,) = ran(connect, "127.0.0.1", PORT, 0.2, namespace=netns, cgroup=inner)
    assert report["errno"] == "timeout"
    assert only(taken) == ["syn-dropped", "gave-up"]
    assert "BPF program on the sender's cgroup" in diagnosed(taken)[0].findings[0].summary


@pytest.mark.parametrize("detail", BOTH)
def test_a_router_that_does_not_forward_or_swallows(netns, cgroup, detail):
    with routed(netns) as (router, _):
        router.run("ip", "route", "add", "blackhole", "203.0.113.1")
        with tracing(of_cgroup(cgroup, detail)) as taken:
            ran(connect, "203.0.113.1", PORT, 0.2, namespace=netns, cgroup=cgroup)
            router.run("sysctl", "-qw", "net.ipv4.ip_forward=0")
            ran(connect, "198.51.100.1", PORT, 0.2, namespace=netns, cgroup=cgroup)
    swallowed, not_forwarded = diagnosed(taken)
    assert codes(swallowed) == codes(not_forwarded) == ["syn-dropped", "gave-up"]
    assert "blackhole" in swallowed.findings[0].summary
    assert "neither has nor forwards" in not_forwarded.findings[0].summary


@pytest.mark.parametrize("detail", BOTH)
def test_no_neighbour(netns, cgroup, detail):
    with linked(netns):
        with tracing(of_cgroup(cgroup, detail)) as taken:
            (report,) = ran(connect, "192.0.2.77", PORT, namespace=netns, cgroup=cgroup)
        state = netns.run("ip", "neigh", "show", "192.0.2.77")
    assert report["errno"] == "EHOSTUNREACH" and "FAILED" in state
    assert only(taken) == ["neighbour-unresolved"]


def test_a_neighbour_that_is_waited_for(netns, cgroup):
    with linked(netns):
        with tracing(of_cgroup(cgroup)) as taken:
            ran(connect, "192.0.2.77", PORT, 0.7, namespace=netns, cgroup=cgroup)
        assert "INCOMPLETE" in netns.run("ip", "neigh", "show", "192.0.2.77")
    assert only(taken) == ["neighbour-unresolved", "gave-up"]


def lossy_network(netns: Namespace) -> None:
    netns.run("ip", "address", "add", "203.0.113.1/24", "dev", "tun0")
    netns.run("ip", "link", "set", "tun0", "up")


def transmitted(netns: Namespace) -> int:
    """Packets that left by the TUN device."""
    (device,) = json.loads(netns.run("ip", "-j", "-s", "link", "show", "tun0"))
    return int(device["stats64"]["tx"]["packets"])


@pytest.mark.parametrize("detail", BOTH)
def test_a_network_that_loses_it(netns, cgroup, detail):
    with running(swallow, "tun0", namespace=netns):
        lossy_network(netns)
        with tracing(of_cgroup(cgroup, detail)) as taken:
            ran(connect, "203.0.113.9", PORT, 1.3, namespace=netns, cgroup=cgroup)
        assert transmitted(netns) >= 2
    assert only(taken) == ["syn-lost", "gave-up"]


@pytest.mark.parametrize("detail", BOTH)
def test_the_applications_own_limit(netns, cgroup, detail):
    user_timeout = [6, 18, 300]
    with running(swallow, "tun0", namespace=netns):
        lossy_network(netns)
        with tracing(of_cgroup(cgroup, detail)) as taken:
            (report,) = ran(
                connect, "203.0.113.9", PORT, None, None, [user_timeout], namespace=netns, cgroup=cgroup
            )
    assert report["errno"] == "ETIMEDOUT"
    assert only(taken) == ["syn-lost", "user-timeout"]


def test_given_up_before_anyone_could_answer(netns, cgroup):
    with running(swallow, "tun0", namespace=netns):
        lossy_network(netns)
        with tracing(of_cgroup(cgroup)) as taken:
            ran(connect, "203.0.113.9", PORT, 0.1, namespace=netns, cgroup=cgroup)
    assert only(taken) == ["gave-up"]


@pytest.mark.parametrize("detail", BOTH)
def test_still_waiting_when_the_trace_ends(netns, cgroup, detail):
    """What it waits for is said while it goes on."""
    rule(netns, "output", f"{TO_PORT} counter drop")
    with (
        tracing(of_cgroup(cgroup, detail)) as taken,
        running(connect_and_wait, PORT, namespace=netns, cgroup=cgroup),
    ):
        taken.finish()
    (one,) = diagnosed(taken)
    assert one.outcome == "in_progress"
    assert codes(one) == expected("syn-dropped-output", detail)[:1]


def connect_and_wait(port):
    active = client()
    active.setblocking(False)
    active.connect_ex(("127.0.0.1", port))
    say()
    hear()
