from hypothesis import given
from hypothesis import strategies as st

from synscope.connections.inlined_calls import with_inlined_calls
from synscope.connections.model import Call

NAMES = (
    "tcp_mtup_init",
    "tcp_sync_mss",
    "__tcp_transmit_skb",
    "sk_reset_timer",
    "tcp_set_state",
    "ip_route_output_flow",
    "f",
)


def outline(function, *names):
    made = with_inlined_calls(function, [Call(function=name, args={}) for name in names])
    return [(call.function, *(child.function for child in call.children)) for call in made]


def test_what_lies_between_an_inlined_functions_calls_is_its_own():
    assert outline("tcp_connect", "a", "tcp_mtup_init", "b", "tcp_select_initial_window", "c") == [
        ("a",),
        ("tcp_connect_init", "tcp_mtup_init", "b", "tcp_select_initial_window"),
        ("c",),
    ]


def test_the_state_tells_the_first_route_lookup_from_the_second():
    assert outline("tcp_v4_connect", "ip_route_output_flow", "tcp_set_state", "ip_route_output_flow") == [
        ("ip_route_connect", "ip_route_output_flow"),
        ("tcp_set_state",),
        ("ip_route_newports", "ip_route_output_flow"),
    ]


def test_other_functions_call_what_they_call():
    assert outline("tcp_rcv_established", "__tcp_transmit_skb", "sk_reset_timer") == [
        ("__tcp_transmit_skb",),
        ("sk_reset_timer",),
    ]


@given(st.lists(st.sampled_from(NAMES)), st.sampled_from(["tcp_connect", "tcp_v4_connect"]))
def test_no_call_is_lost_or_told_twice_or_moved(names, parent):
    made = with_inlined_calls(parent, [Call(function=name, args={}) for name in names])
    flat = [inner.function for call in made for inner in (call.children or (call,))]
    assert flat == names
