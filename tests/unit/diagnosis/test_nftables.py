"""What is no listing, and what a listing leaves open; whether the right rule is named: tests/oracle."""

import json

import pytest

import faults
from faults import finding
from rows import NETNS
from synscope.diagnosis.nft_match import Packet
from synscope.diagnosis.nftables import Ruleset
from synscope.events.trace import Firewall

SYN = Packet("127.0.0.1", "127.0.0.1", None, 8080, frozenset({"syn"}))
PLACE = {"family": "inet", "table": "filter"}
TEXT = """table inet filter { # handle 1
	chain output { # handle 1
		type filter hook output priority 0; policy accept;
		ct state 0x1 drop # handle 2
		tcp dport 8080 counter packets 3 bytes 180 drop # handle 3
	}
}
"""


def rule(handle: int, *expr: object):
    return {"rule": {**PLACE, "chain": "output", "handle": handle, "expr": [*expr, {"drop": None}]}}


def firewall(*rules: object) -> Firewall:
    chain = {**PLACE, "name": "output", "handle": 1, "hook": "output", "prio": 0, "policy": "accept"}
    return Firewall(ruleset=json.dumps({"nftables": [{"chain": chain}, *rules]}), text=TEXT)


def to_port(port: int, packets: int = 3):
    left = {"payload": {"protocol": "tcp", "field": "dport"}}
    counter = {"counter": {"packets": packets, "bytes": 0}}
    return {"match": {"op": "==", "left": left, "right": port}}, counter


UNKNOWN = {"match": {"op": "in", "left": {"ct": {"key": "state"}}, "right": "invalid"}}


@pytest.mark.parametrize("text", ["", "no json", "[]", "{}", '{"nftables": []}'])
def test_what_is_no_listing_names_nothing(text):
    assert Ruleset(Firewall(ruleset=text)).droppers("OUTPUT", SYN) == []


def test_other_hooks_and_families_are_passed_over():
    rules = Ruleset(firewall(rule(3, *to_port(8080))))
    assert [one.certain for one in rules.droppers("OUTPUT", SYN)] == [True]
    assert rules.droppers("INPUT", SYN) == rules.droppers("bridge INPUT", SYN) == []


def test_a_chain_that_jumps_to_itself_ends():
    jump = {
        "rule": {**PLACE, "chain": "output", "handle": 9, "expr": [UNKNOWN, {"jump": {"target": "output"}}]}
    }
    assert Ruleset(firewall(jump)).droppers("OUTPUT", SYN) == []


def test_the_finding_names_the_one_rule():
    trace = faults.dropped("output")
    trace.footer.firewalls[NETNS] = firewall(rule(3, *to_port(8080)), rule(4, *to_port(80)))
    one = finding(trace, "syn-dropped-output")
    told = "table inet filter, chain output, `tcp dport 8080 counter packets 3 bytes 180 drop` (counter 3)"
    assert one.summary.endswith(f"own host, 2 times: {told}.")
    assert f"nft list ruleset there: of hook OUTPUT only this can drop it: {told}" in one.evidence


def test_several_are_all_named_and_none_in_the_summary():
    trace = faults.dropped("output")
    trace.footer.firewalls[NETNS] = firewall(rule(2, UNKNOWN), rule(3, *to_port(8080)))
    one = finding(trace, "syn-dropped-output")
    assert one.summary.endswith("own host, 2 times.")
    assert (
        "these can drop it: table inet filter, chain output, `ct state 0x1 drop`; table" in one.evidence[-1]
    )
