"""Refusals, told apart by what the kernel freed and by what answered."""

import pytest

from support.diagnosed import codes, diagnosed, only
from support.firewall import filter_rule
from support.links import linked, routed
from support.prelude import client
from support.scripts import ran, running
from support.tracing import BOTH, of_cgroup, tracing
from support.workloads import connect, serve

pytestmark = pytest.mark.needs_kernel

PORT = 1234
TO_PORT = f"tcp dport {PORT}"


@pytest.mark.parametrize("detail", BOTH)
@pytest.mark.parametrize("address", ["127.0.0.1", "::1"])
def test_nobody_listens(netns, cgroup, address, detail):
    with tracing(of_cgroup(cgroup, detail)) as taken:
        (report,) = ran(connect, address, PORT, namespace=netns, cgroup=cgroup)
    assert report["errno"] == "ECONNREFUSED"
    (one,) = diagnosed(taken)
    assert codes(one) == ["refused-no-listener"] and one.findings[0].confidence == 1.0


@pytest.mark.parametrize("detail", BOTH)
def test_nobody_listens_in_another_namespace(netns, cgroup, detail):
    with linked(netns) as far, tracing(of_cgroup(cgroup, detail)) as taken:
        ran(connect, "192.0.2.2", PORT, namespace=netns, cgroup=cgroup)
    (one,) = diagnosed(taken)
    assert codes(one) == ["refused-no-listener"] and one.findings[0].confidence == 1.0
    if detail == "path":
        assert f"in network namespace {far.inum}" in one.findings[0].evidence


@pytest.mark.parametrize("detail", BOTH)
@pytest.mark.parametrize("hook", ["input", "output"])
@pytest.mark.parametrize("answer", ["tcp reset", "icmpx port-unreachable"])
def test_a_rule_that_rejects(netns, cgroup, hook, answer, detail):
    filter_rule(netns, hook, f"{TO_PORT} reject with {answer}")
    with tracing(of_cgroup(cgroup, detail)) as taken:
        (report,) = ran(connect, "127.0.0.1", PORT, namespace=netns, cgroup=cgroup)
    assert report["errno"] == "ECONNREFUSED"
    assert only(taken) == ["refused-by-firewall"]


@pytest.mark.parametrize("detail", BOTH)
@pytest.mark.parametrize("answer", ["tcp reset", "icmpx port-unreachable"])
def test_a_rule_that_rejects_a_client_that_does_not_block(netns, cgroup, answer, detail):
    """An ICMP error is soft, and read by SO_ERROR: the socket itself forgets it."""
    filter_rule(netns, "input", f"{TO_PORT} reject with {answer}")
    with tracing(of_cgroup(cgroup, detail)) as taken:
        (report,) = ran(connect, "127.0.0.1", PORT, 5, namespace=netns, cgroup=cgroup)
    assert report["errno"] == "ECONNREFUSED"
    assert only(taken)[0] == "refused-by-firewall"


@pytest.mark.parametrize("detail", BOTH)
@pytest.mark.parametrize("timeout", [None, 5], ids=["blocking", "not blocking"])
def test_admin_prohibited_is_icmp_unreachable(netns, cgroup, timeout, detail):
    filter_rule(netns, "output", f"{TO_PORT} reject with icmpx admin-prohibited")
    with tracing(of_cgroup(cgroup, detail)) as taken:
        (report,) = ran(connect, "127.0.0.1", PORT, timeout, namespace=netns, cgroup=cgroup)
    assert report["errno"] == "EHOSTUNREACH"
    assert only(taken)[0] == "icmp-unreachable"


@pytest.mark.parametrize("detail", BOTH)
@pytest.mark.parametrize("timeout", [None, 5], ids=["blocking", "not blocking"])
def test_a_router_without_a_route(netns, cgroup, timeout, detail):
    with routed(netns), tracing(of_cgroup(cgroup, detail)) as taken:
        (report,) = ran(connect, "203.0.113.5", PORT, timeout, namespace=netns, cgroup=cgroup)
    assert report["errno"] == "ENETUNREACH"
    (one,) = diagnosed(taken)
    assert codes(one)[0] == "icmp-unreachable"
    assert "ENETUNREACH; on this host a router had no route for it" in one.findings[0].summary


@pytest.mark.parametrize("detail", BOTH)
def test_an_icmp_error_that_is_not_looked_at(netns, cgroup, detail):
    """Noted, and the SYN sent again until its owner gave up: it asks for no error."""
    filter_rule(
        netns, "output", f"{TO_PORT} limit rate 1/hour burst 1 packets reject with icmpx host-unreachable"
    )
    netns.run("nft", f"add rule inet t output {TO_PORT} drop")
    with tracing(of_cgroup(cgroup, detail)) as taken:
        ran(wait_blindly, PORT, 1.3, namespace=netns, cgroup=cgroup)
    assert only(taken) == ["icmp-soft-error", "gave-up"]


def wait_blindly(port, seconds):
    import time

    active = client()
    active.setblocking(False)
    active.connect_ex(("127.0.0.1", port))
    time.sleep(seconds)  # TCP's own second until it sends the SYN again
    active.close()


@pytest.mark.parametrize("detail", BOTH)
def test_the_listener_is_in_another_namespace(netns, cgroup, detail):
    with (
        linked(netns) as far,
        tracing(of_cgroup(cgroup, detail)) as taken,
        running(serve, "0.0.0.0", namespace=far, cgroup=cgroup) as server,
    ):
        ran(connect, "127.0.0.1", server.hello["port"], namespace=netns, cgroup=cgroup)
        taken.finish()
    (one,) = diagnosed(taken)
    assert codes(one) == ["refused-no-listener", "listener-elsewhere"]
    assert f"another network namespace ({far.inum})" in one.findings[1].summary


@pytest.mark.parametrize("detail", BOTH)
@pytest.mark.parametrize("bound", ["127.0.0.2", "::1"])
def test_the_listener_is_on_another_address(netns, cgroup, bound, detail):
    with (
        tracing(of_cgroup(cgroup, detail)) as taken,
        running(serve, bound, namespace=netns, cgroup=cgroup) as server,
    ):
        ran(connect, "127.0.0.1", server.hello["port"], namespace=netns, cgroup=cgroup)
        taken.finish()
    (one,) = diagnosed(taken)
    assert codes(one) == ["refused-no-listener", "listener-elsewhere"]
    assert "on another address" in one.findings[1].summary


@pytest.mark.parametrize("detail", BOTH)
def test_the_listener_was_closed_before(netns, cgroup, detail):
    with tracing(of_cgroup(cgroup, detail)) as taken:
        with running(serve, namespace=netns, cgroup=cgroup) as server:
            port = server.hello["port"]
        ran(connect, "127.0.0.1", port, namespace=netns, cgroup=cgroup)
    (one,) = diagnosed(taken)
    assert codes(one) == ["refused-no-listener"]
    assert f"closed its listener on port {port}" in one.findings[0].evidence[-1]
