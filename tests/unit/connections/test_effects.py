"""Inlined functions are put where their effect is seen, once, and nowhere else."""

import re
from pathlib import Path as File

import pytest

from synscope.connections.effects import EFFECTS, inlined_leaf, with_inlined
from synscope.connections.stacks import Path
from synscope.events.wire import PathKind

PAGE = File(__file__).parents[3] / "docs/reference/inlined-functions.md"
CONNECT = ("__x64_sys_connect", "inet_stream_connect", "tcp_v4_connect")
LOOKUP = ("ip_route_output_flow", "ip_route_output_key_hash_rcu", "fib_table_lookup")


def process(*frames: str) -> Path:
    return Path("process", frames)


@pytest.mark.parametrize(
    ("when", "function"), [("closed", "ip_route_connect"), ("syn sent", "ip_route_newports")]
)
def test_a_lookup_is_whose_the_state_says(when, function):
    path = with_inlined(process(*CONNECT, *LOOKUP), PathKind.ROUTE, when)
    assert path.frames == (*CONNECT, function, *LOOKUP)
    assert path.evidence == ("stack",) * 3 + ("effect",) + ("stack",) * 3


def test_a_lookup_whose_state_is_not_known_shows_nothing():
    path = process(*CONNECT, *LOOKUP)
    assert with_inlined(path, PathKind.ROUTE) == path


@pytest.mark.parametrize("caller", ["tcp_v6_connect", "inet_csk_route_req", "inet_sk_rebuild_header"])
def test_other_callers_look_up_routes_of_their_own(caller):
    path = process("tcp_v4_connect", caller, *LOOKUP)
    assert with_inlined(path, PathKind.ROUTE, "closed") == path


def test_a_function_that_the_kernel_has_is_not_shown_twice():
    path = process("tcp_connect", "tcp_transmit_skb", "__tcp_transmit_skb")
    assert with_inlined(path) == path


def test_what_the_compiler_adds_to_a_name_is_no_matter():
    path = process("tcp_connect.isra.0", "__tcp_transmit_skb.constprop.0", "ip_queue_xmit")
    assert with_inlined(path).frames == (
        "tcp_connect.isra.0",
        "tcp_transmit_skb",
        "__tcp_transmit_skb.constprop.0",
        "ip_queue_xmit",
    )


def test_an_acknowledgement_is_not_sent_by_tcp_transmit_skb():
    path = process("tcp_rcv_state_process", "__tcp_send_ack.part.0", "__tcp_transmit_skb")
    assert with_inlined(path) == path


def test_a_timer_of_another_kind_of_event_shows_nothing():
    path = process("tcp_connect", "sk_reset_timer", "__mod_timer")
    assert with_inlined(path, PathKind.SENT) == path
    assert with_inlined(path, PathKind.TIMER).frames[1] == "inet_csk_reset_xmit_timer"


def test_recovered_callers_keep_their_evidence():
    path = Path("softirq", ("inet_csk_reqsk_queue_hash_add", "mod_timer", "__mod_timer"))
    path = Path(path.context, path.frames, ("stack", "tail_call", "stack"))
    found = with_inlined(path, PathKind.TIMER)
    assert found.frames == (path.frames[0], "reqsk_queue_hash_req", *path.frames[1:])
    assert found.evidence == ("stack", "effect", "tail_call", "stack")


def test_an_effect_without_a_stack_is_a_leaf_of_its_parent():
    shown = process(*CONNECT, "tcp_connect", "sk_reset_timer")
    path = inlined_leaf(PathKind.WINDOW, [process("__x64_sys_socket"), shown])
    assert path is not None
    assert path.frames == (*CONNECT, "tcp_connect", "tcp_connect_init")
    assert path.evidence[-2:] == ("stack", "effect")


def test_without_its_parent_it_is_left_out():
    assert inlined_leaf(PathKind.WINDOW, [process(*CONNECT)]) is None


def test_where_the_kernel_has_it_it_is_left_out():
    shown = [process("tcp_connect", "sk_reset_timer"), process("tcp_connect", "tcp_connect_init")]
    assert inlined_leaf(PathKind.WINDOW, shown) is None


@pytest.mark.parametrize("effect", EFFECTS, ids=lambda one: f"{one.function} in {one.parent}")
def test_each_effect_is_found_by_its_own_rule_alone(effect):
    if not effect.calls:
        assert inlined_leaf(effect.kind, [process(effect.parent)]) is not None
        return
    for called in effect.calls:
        found = with_inlined(process(effect.parent, called), effect.kind, effect.when)
        assert found.frames == (effect.parent, effect.function, called)


def test_the_page_has_each_and_no_other():
    """The second column may name several callers."""
    rows = re.findall(r"^\| `(\w+)` \| (.*?) \|", PAGE.read_text(), re.M)
    told = {(function, caller) for function, callers in rows for caller in re.findall(r"`(\w+)`", callers)}
    assert told == {(effect.function, effect.parent) for effect in EFFECTS}
