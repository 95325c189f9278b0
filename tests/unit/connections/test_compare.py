import msgspec
import pytest

import samples
from synscope.connections.compare import alone, compare, pairs
from synscope.connections.comparison import Comparison, Fact, Lasted, Step
from synscope.connections.model import Connection, Finding


def compared(a: Connection, b: Connection, timed: bool = True) -> Comparison:
    return compare(a, b, lambda _: True, timed)


def changed(connection: Connection, **more) -> Connection:
    return msgspec.structs.replace(connection, **more)


@pytest.mark.parametrize("make", samples.SAMPLES.values())
def test_a_connection_does_not_differ_from_itself(make):
    found = compared(make(), make())
    assert found.same
    assert all(step.a == step.b for step in (*found.states, *found.milestones, *found.segments))
    assert all(phase.a_ns == phase.b_ns for phase in found.phases)


def test_how_long_it_took_and_where_is_no_difference():
    late = [msgspec.structs.replace(one, t_ns=one.t_ns + 7_000) for one in samples.healthy().milestones]
    moved = changed(samples.healthy(), id="c9", milestones=tuple(late), client=samples.client(port=7, pid=3))
    found = compared(samples.healthy(), moved)
    assert (found.a, found.b, found.same) == ("c1", "c9", True)


@pytest.mark.parametrize(
    "more",
    [
        {"outcome": "reset"},
        {"errno": "ECONNRESET"},
        {"family": "inet6"},
        {"mapped": True},
        {"server": None},
        {"client": samples.client(retransmits=1)},
        {"findings": (Finding(code="slow-accept", severity="warning", summary=""),)},
        {"milestones": samples.CLIENT_MARKS},
        {"transitions": samples.CLIENT_STATES},
        {"segments": samples.handshake(1, 2)[:2]},
        {"phases": samples.CLIENT_PHASES},
        {"calls": samples.client_calls()},
    ],
)
def test_each_of_these_is_a_difference(more):
    assert not compared(samples.healthy(), changed(samples.healthy(), **more)).same
    assert not compared(changed(samples.healthy(), **more), samples.healthy()).same


def test_what_differs_is_told():
    found = compared(samples.healthy(), samples.refused())
    assert Fact("outcome", "established", "refused") in found.facts
    assert Fact("errno", None, "ECONNREFUSED") in found.facts
    assert Fact("server seen", "yes", "no") in found.facts
    assert (
        Step("client", "CLOSE → SYN_SENT by tcp_v4_connect", "CLOSE → SYN_SENT by tcp_v4_connect")
        in found.states
    )
    assert Step("client", None, "SYN_SENT → CLOSE by tcp_reset") in found.states
    assert Step("server", "S.", None) in found.segments
    assert Step("client", None, "closed") in found.milestones


def test_states_by_functions_of_other_names_are_the_same():
    renamed = samples.change("client", 14, "CLOSE>SYN_SENT", "tcp_v4_connect.isra.0")
    after = changed(samples.client_only(), transitions=(renamed, samples.CLIENT_STATES[1]))
    found = compared(samples.client_only(), after)
    assert found.same
    assert found.states[0].b == "CLOSE → SYN_SENT by tcp_v4_connect.isra.0"


def test_phases_beside_each_other():
    found = compared(samples.healthy(), samples.timed_out())
    assert found.phases[:3] == (
        Lasted("client", "route", True, True, 14_000, 15_000),
        Lasted("client", "port", True, True, 6_000, 10_000),
        Lasted("client", "ip_output", True, False, 1_000, None),
    )
    assert Lasted("client", "syn_timeout", False, True, None, 1_022_762_000) in found.phases
    untimed = compared(samples.healthy(), samples.timed_out(), timed=False).phases
    assert untimed[0] == Lasted("client", "route", True, True)
    assert [(one.name, one.in_a, one.in_b) for one in untimed] == [
        (one.name, one.in_a, one.in_b) for one in found.phases
    ]


def test_pairs_are_alike_and_in_order():
    healthy, refused, late = samples.healthy(), samples.refused(), samples.timed_out()
    assert pairs([healthy, refused], [refused]) == [(healthy, None), (refused, refused)]
    assert pairs([healthy, healthy, late], [healthy, healthy, late]) == [
        (one, one) for one in (healthy, healthy, late)
    ]
    assert pairs([healthy, refused, healthy], [healthy, late, healthy]) == [
        (healthy, healthy),
        (refused, late),
        (healthy, healthy),
    ]
    assert pairs([], [healthy]) == [(None, healthy)]
    assert pairs([], []) == []


def test_one_without_a_counterpart():
    assert (alone(samples.healthy(), None).a, alone(samples.healthy(), None).b) == ("c1", None)
    assert not alone(None, samples.refused()).same
