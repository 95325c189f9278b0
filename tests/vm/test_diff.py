"""Two kernels compared: what is said to be in one only is held against both kernels' own symbols."""

from collections.abc import Iterator

import pytest

from support import guest
from synscope.connections.compare import compare, pairs
from synscope.connections.comparison import Comparison
from synscope.connections.model import Call, Connection
from vm.conftest import KERNELS, Results

pytestmark = pytest.mark.needs_kernel

SINCE_6_6 = {"__inet_listen_sk", "inet_bind_sk"}
"""Split off inet_listen() and inet_bind() for MPTCP by kernel commits 71b7786ea478 and e6d360ff87f0."""


@pytest.fixture(scope="session")
def both(guests: dict[str, guest.Guest | guest.GuestError]) -> tuple[Results, Results]:
    """What the two guests left behind."""
    found = []
    for series in KERNELS:
        one = guests[series]
        if isinstance(one, guest.GuestError):
            pytest.skip(f"no kernel {series}: {one}")
        one.wait()
        found.append(Results(series, one.directory))
    return found[0], found[1]


def functions(calls: tuple[Call, ...]) -> set[str]:
    """Those that have a symbol: not what was inlined."""
    own = {call.function for call in calls if call.evidence not in ("effect", "inlined")}
    return own.union(*(functions(call.children) for call in calls))


def compared(both: tuple[Results, Results], part: str) -> Iterator[tuple[Connection, Connection, Comparison]]:
    """Each pair that has trees, with all their functions."""
    for a, b in pairs(*(results.part(part).connections for results in both)):
        if a is not None and b is not None and a.calls and b.calls:
            yield a, b, compare(a, b, lambda _: True, timed=True)


@pytest.mark.parametrize("part", ["graph", "path"])
def test_every_attempt_has_its_counterpart(both: tuple[Results, Results], part: str) -> None:
    every = pairs(*(results.part(part).connections for results in both))
    assert None not in [one for pair in every for one in pair]
    assert [(a.outcome, a.errno) for a, _ in every if a] == [(b.outcome, b.errno) for _, b in every if b]


@pytest.mark.parametrize("part", ["graph", "path"])
def test_what_is_in_one_only_is_not_in_the_other(both: tuple[Results, Results], part: str) -> None:
    older, newer = (results.functions for results in both)
    count = 0
    for a, b, found in compared(both, part):
        count += 1
        assert found.functions is not None
        mine, yours = functions(a.calls), functions(b.calls)
        assert mine <= older
        assert yours <= newer
        renamed = found.functions.renamed
        only_a, only_b = (set(names) for names in (found.functions.only_a, found.functions.only_b))
        assert only_a & (mine | yours) <= mine - yours
        assert only_b & (mine | yours) <= yours - mine
        # what a kernel has no symbol for cannot have been called there by that name
        assert mine - newer <= only_a | {old for old, _ in renamed}
        assert yours - older <= only_b | {new for _, new in renamed}
    assert count


def test_what_the_newer_kernel_has_split_off_is_found(both: tuple[Results, Results]) -> None:
    ((_, b, found),) = compared(both, "graph")
    older, newer = (results.functions for results in both)
    assert not older & SINCE_6_6
    assert newer >= SINCE_6_6
    assert found.functions
    assert "__inet_listen_sk" in found.functions.only_b
    assert functions(b.calls) & SINCE_6_6 <= set(found.functions.only_b)
    moved = {name for name, _, _ in found.functions.moved}
    assert "inet_csk_listen_start" not in moved  # a layer came between, that is all
