"""Sockets looked into, against ss, tcpdump and the kernel's list of functions."""

import os

import pytest

from support.inspected import conversations, looked, names
from support.namespaces import Namespace
from support.pcap import packets
from support.require import require
from support.scripts import running
from synscope.kernel.symbols import Symbols
from synscope.live.inside import look
from synscope.live.inside.offered import offered
from synscope.tcp.operations import source_of, sources

pytestmark = pytest.mark.needs_kernel


@pytest.fixture(autouse=True)
def root():
    require(os.geteuid() == 0, "needs root to read the kernel's sockets")


@pytest.mark.parametrize("addresses", [["127.0.0.1"], ["::1", "127.0.0.1"]])
def test_every_field_is_what_ss_says(netns: Namespace, addresses: list[str]) -> None:
    seen = looked(netns, addresses)
    assert len(seen.found) == 7 * len(addresses)
    assert {each: found for each, found in seen.differ.items() if found} == {}
    assert len(seen.differ) >= 5 * len(addresses)  # not the pair whose window is full
    ours, theirs = seen.owners
    assert ours == theirs


def test_initial_sequence_numbers_are_those_on_the_wire(netns: Namespace, capture) -> None:
    with capture(netns) as pcap, running(conversations, ["127.0.0.1", "::1"], namespace=netns) as script:
        found = look.process(script.hello["pid"])
    chosen = {one.ends: one.seq for one in packets(pcap) if one.flags in ("S", "S.")}
    checked = 0
    for one in found:
        if one.peer_port is None:
            continue
        assert one.isns is not None
        assert one.isns.own == chosen[one.port, one.peer_port], one
        assert one.isns.peer == chosen[one.peer_port, one.port], one
        checked += 1
    assert checked == 12


def test_every_function_has_a_file_and_every_named_function_is_there() -> None:
    symbols = Symbols.read()
    require(symbols.available(), symbols.why())
    pointed = {name for one in offered() for table in one.tables.values() for name in names(table)}
    assert {function for function in pointed if source_of(function) is None} == set()
    missing = {name for name in sources() if symbols.address(name) is None}
    assert len(missing) < len(sources()) / 10, sorted(missing)
