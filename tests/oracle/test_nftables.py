"""Which rule drops a SYN: what is read off nft's listing, against the rules' own counters in the kernel."""

import json
import os

import pytest

from support.namespaces import Namespace
from support.require import require
from support.scripts import ran
from support.workloads import connect
from synscope.diagnosis.nft_match import Packet
from synscope.diagnosis.nftables import Dropping, Ruleset
from synscope.events.trace import Firewall

pytestmark = pytest.mark.needs_kernel

PORT = 1234
OUTPUT = "type filter hook output priority"
CHAINS = {
    "a port": "chain a { %s 0; tcp dport 1234 counter drop; }",
    "another port": "chain a { %s 0; tcp dport 1235 counter drop; tcp dport != 80 counter drop; }",
    "a range": "chain a { %s 0; tcp dport 1-1233 counter drop; tcp dport 1200-1300 counter drop; }",
    "a set": "chain a { %s 0; tcp dport { 80, 443 } counter drop; tcp dport { 80, 1234 } counter drop; }",
    "a prefix": "chain a { %s 0; ip daddr 10.0.0.0/8 counter drop; ip daddr 127.0.0.0/8 counter drop; }",
    "accepted before": "chain a { %s 0; tcp dport 1234 accept; counter drop; }"
    " chain b { %s 10; counter drop; }",
    "by priority": "chain a { %s 10; counter drop; } chain b { %s -10; counter drop; }",
    "flags": "chain a { %s 0; tcp flags & (fin | syn | ack) == ack counter drop;"
    " tcp flags syn / syn,ack counter drop; }",
    "a jump": "chain x { tcp dport 80 counter drop; tcp dport 1234 counter drop; }"
    " chain a { %s 0; ip protocol tcp jump x; counter drop; }",
    "a return": "chain x { tcp dport 1234 return; counter drop; } chain a { %s 0; jump x; counter drop; }",
    "a goto": "chain x { tcp dport 80 counter drop; } chain y { counter drop; }"
    " chain a { %s 0; goto x; counter drop; } chain b { %s 1; goto y; }",
    "another family": "chain a { %s 0; meta nfproto ipv6 counter drop; ip6 daddr ::1 counter drop;"
    " meta l4proto udp counter drop; meta l4proto tcp counter drop; }",
}
UNSURE = {
    "conntrack": "chain a { %s 0; ct state established counter drop; ct state new counter drop; }",
    "a mark": "chain a { %s 0; meta mark 7 counter drop; counter drop; }",
    "a map": "chain x { counter drop; }"
    " chain a { %s 0; tcp dport vmap { 80 : drop, 1234 : jump x }; counter drop; }",
}


def listed(space: Namespace) -> Firewall:
    words = ("list", "ruleset")
    return Firewall(ruleset=space.run("nft", "-j", *words), text=space.run("nft", "-a", *words))


def dropped(space: Namespace, chains: str) -> tuple[list[Dropping], list[str]]:
    """What can have dropped the SYN of a real attempt, and the chains whose counters say that they did."""
    lines = chains.replace("%s", OUTPUT).replace("{ ", "{\n").replace("; }", "\n}\n")
    space.run("nft", f"table inet t {{\n{lines}}}")
    packet = Packet("127.0.0.1", "127.0.0.1", None, PORT, frozenset({"syn"}))
    before = listed(space)
    (report,) = ran(connect, "127.0.0.1", PORT, 0.1, namespace=space)
    assert report["errno"] == "timeout"
    after = space.run("nft", "-j", "list", "ruleset")
    ruleset = Ruleset(Firewall(ruleset=before.ruleset, text=before.text, later=after))
    rules = [entry["rule"] for entry in json.loads(after)["nftables"] if "rule" in entry]
    met = [rule for rule in rules if any(one.get("counter", {}).get("packets") for one in rule["expr"])]
    return ruleset.droppers("OUTPUT", packet), [rule["chain"] for rule in met]


@pytest.fixture
def space(netns: Namespace) -> Namespace:
    require(os.geteuid() == 0, "needs root")
    return netns


@pytest.mark.parametrize("case", CHAINS)
def test_where_all_is_known_it_is_the_one_that_counted(space, case):
    found, chains = dropped(space, CHAINS[case])
    assert [(one.place[2], one.packets, one.certain) for one in found] == [(chains[0], (0, 1), True)]
    assert len(chains) == 1


@pytest.mark.parametrize("case", UNSURE)
def test_where_not_it_is_among_those_named(space, case):
    found, chains = dropped(space, UNSURE[case])
    assert (chains[0], (0, 1)) in [(one.place[2], one.packets) for one in found]
    assert not found[0].certain


def test_a_policy(space):
    found, _ = dropped(space, f"chain a {{ {OUTPUT} 0; policy drop; tcp dport 80 accept; }}")
    assert [str(one) for one in found] == ["table inet t, chain a, `policy drop`"]


def test_a_rule_is_told_as_nft_prints_it(space):
    found, _ = dropped(space, 'chain a { %s 0; tcp dport 1234 counter drop comment "not this way"; }')
    words = 'tcp dport 1234 counter packets 0 bytes 0 drop comment "not this way"'
    assert str(found[0]) == f"table inet t, chain a, `{words}` (counter 0 → 1)"
