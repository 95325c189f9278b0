"""The rules that a session lists where netfilter dropped: as nft prints them, and none without a drop."""

import pytest

from support.diagnosed import diagnosed
from support.firewall import filter_rule
from support.scripts import ran
from support.tracing import of_cgroup, tracing
from support.workloads import connect

pytestmark = pytest.mark.needs_kernel

PORT = 1234


def test_the_rule_is_named_with_its_counter(netns, cgroup):
    filter_rule(netns, "output", f"tcp dport {PORT} counter drop")
    with tracing(of_cgroup(cgroup, "path")) as taken:
        ran(connect, "127.0.0.1", PORT, 0.1, namespace=netns, cgroup=cgroup)
        taken.session.poll()
        ran(connect, "127.0.0.1", PORT, 0.1, namespace=netns, cgroup=cgroup)
    (listed,) = taken.trace.footer.firewalls.values()
    assert listed.later == netns.run("nft", "-j", "list", "ruleset")
    first = diagnosed(taken)[0].findings[0]
    assert first.code == "syn-dropped-output"
    assert f"chain output, `tcp dport {PORT} counter packets" in first.summary and "→ 2)" in first.summary


def test_nothing_is_listed_without_a_drop(netns, cgroup):
    filter_rule(netns, "output", "tcp dport 1 drop")
    with tracing(of_cgroup(cgroup, "path")) as taken:
        ran(connect, "127.0.0.1", PORT, 0.1, namespace=netns, cgroup=cgroup)
    assert taken.trace.footer.firewalls == {}


def test_record_detail_lists_nothing(netns, cgroup):
    filter_rule(netns, "output", f"tcp dport {PORT} drop")
    with tracing(of_cgroup(cgroup, "record")) as taken:
        ran(connect, "127.0.0.1", PORT, 0.1, namespace=netns, cgroup=cgroup)
    assert taken.trace.footer.firewalls == {}
