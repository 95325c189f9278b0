"""The forest of traced calls: which work is whose, and what it is called."""

from typing import Any

import msgspec
import numpy as np
import pytest

import rows
from rows import T0
from synscope.connections.build import Connections
from synscope.connections.model import Call
from synscope.events.trace import Trace
from synscope.events.wire import CallFlag
from traced import Writing

CONNECT = """
__x64_sys_connect
  tcp_v4_connect @1
    tcp_set_state @1 state=2
      ~inet_sk_state_store @1 newstate=2
    tcp_connect @1
"""
SYN_ARRIVES = """
net_rx_action
  process_backlog
    ip_rcv
      tcp_v4_rcv
        tcp_conn_request @3
          inet_reqsk_alloc
          tcp_v4_send_synack @2
"""


def traced(written: Writing, *halves: Any, clock: str = "ns", events: Any = (), **more: Any) -> Trace:
    """A trace with these calls, of the usual pair if no halves are given."""
    base = rows.trace(halves or (rows.client_row(), rows.server_row(), rows.listener_row()), events, **more)
    return msgspec.structs.replace(
        base,
        calls=written.rows,
        footer=msgspec.structs.replace(base.footer, functions=written.functions),
        header=msgspec.structs.replace(base.header, calls_clock=clock, detail="functions"),
    )


def outline(calls: tuple[Call, ...], depth: int = 0) -> list[str]:
    """`function` a line, indented by depth."""
    lines = []
    for call in calls:
        lines.append("  " * depth + call.function)
        lines += outline(call.children, depth + 1)
    return lines


def of(trace: Trace, side: str, at: int = 0) -> tuple[Call, ...]:
    return tuple(call for call in Connections(trace)[at].calls if call.side == side)


def every(calls: tuple[Call, ...]) -> list[Call]:
    return [call for root in calls for call in (root, *every(root.children))]


def named(calls: tuple[Call, ...], function: str) -> Call:
    return next(call for call in every(calls) if call.function == function)


def test_a_system_call_is_the_half_s_whose_cookie_is_in_it():
    trace = traced(Writing().lane(CONNECT, start=T0, tid=4711))
    assert (
        outline(of(trace, "client"))
        == CONNECT.replace("~", "")
        .replace(" @1", "")
        .replace(" state=2", "")
        .replace(" newstate=2", "")
        .strip()
        .splitlines()
    )
    assert of(trace, "server") == ()


def test_times_arguments_and_results_are_told():
    trace = traced(
        Writing().lane("__sys_connect fd=3 @1 = -111\n  tcp_set_state state=2", start=T0, tid=4711)
    )
    root = of(trace, "client")[0]
    assert (root.enter_ns, root.exit_ns, root.seen_ns) == (T0 + 1000, T0 + 4000, T0 + 1000)
    assert root.args == {"fd": "3", "addrlen": "0"} and root.ret == "-ECONNREFUSED"
    assert root.evidence == "probe" and root.context == "process"
    assert root.children[0].args == {"state": "SYN_SENT"} and root.children[0].ret is None


def test_in_order_no_time_is_told_and_the_order_is_kept():
    written = Writing(1).lane("__sys_connect @1\n  tcp_v4_connect @1\n  tcp_connect @1", start=5, tid=4711)
    calls = of(traced(written, clock="order"), "client")
    assert outline(calls) == ["__sys_connect", "  tcp_v4_connect", "  tcp_connect"]
    assert all(call.enter_ns is call.exit_ns is call.seen_ns is None for call in every(calls))


def test_a_call_that_did_not_return_has_no_end_and_no_result():
    root = of(traced(Writing().lane("__sys_connect @1 …\n  tcp_v4_connect", start=T0, tid=4711)), "client")[0]
    assert root.enter_ns is not None and root.exit_ns is None and root.ret is None
    assert outline((root,)) == ["__sys_connect", "  tcp_v4_connect"]


def test_what_was_entered_by_a_jump_says_so():
    calls = of(traced(Writing().lane(CONNECT, start=T0, tid=4711)), "client")
    assert [call.function for call in every(calls) if call.evidence == "tail_call"] == ["inet_sk_state_store"]


def test_a_packet_is_the_receivers_with_the_dispatchers_above_it():
    written = Writing().lane(SYN_ARRIVES, start=T0, softirq=True, cpu=1)
    calls = of(traced(written), "server")
    assert outline(calls)[:4] == ["net_rx_action", "  process_backlog", "    ip_rcv", "      tcp_v4_rcv"]
    assert {call.context for call in every(calls)} == {"softirq"}


def test_packets_of_one_dispatcher_go_to_their_own_connections():
    other = """
    ip_rcv
      tcp_v4_rcv @8
    ip_rcv
      tcp_v4_rcv @1
    ip_rcv
      icmp_rcv
"""
    written = Writing().lane(SYN_ARRIVES.rstrip() + other, start=T0, softirq=True)
    theirs = (rows.client_row(cookie=7, lport=5), rows.server_row(cookie=8, rport=5, listener=3))
    trace = traced(written, rows.client_row(), rows.server_row(), *theirs, rows.listener_row())
    assert "tcp_conn_request" in "".join(outline(of(trace, "server")))
    assert outline(of(trace, "client")) == [
        "net_rx_action",
        "  process_backlog",
        "    ip_rcv",
        "      tcp_v4_rcv",
    ]
    assert outline(of(trace, "server", 1)) == outline(of(trace, "client"))
    assert of(trace, "client", 1) == ()
    assert not any("icmp_rcv" in line for at in (0, 1) for line in outline(Connections(trace)[at].calls))


def test_a_dispatcher_inside_of_a_system_call_is_none():
    busy = "__sys_recvmsg\n  napi_busy_loop\n    __napi_poll\n      tcp_v4_rcv @1"
    calls = of(traced(Writing().lane(busy, start=T0, tid=9)), "client")
    assert outline(calls)[0] == "__sys_recvmsg" and len(every(calls)) == 4


def test_a_unit_of_both_sides_is_whose_socket_was_worked_on_more():
    written = Writing().lane(
        "ip_rcv\n  tcp_wfree @1\n  tcp_v4_rcv @2\n    tcp_check_req @2", start=T0, softirq=True
    )
    trace = traced(written)
    assert outline(of(trace, "server"))[0] == "ip_rcv" and of(trace, "client") == ()


def test_a_cookie_of_the_peer_counts_for_the_other_side():
    written = Writing().lane("ip_rcv\n  tcp_v4_rcv @1", start=T0, softirq=True)
    marked = written.rows.copy()
    marked["flags"] |= np.uint8(CallFlag.PEER)
    trace = msgspec.structs.replace(traced(written), calls=marked)
    assert outline(of(trace, "server"))[0] == "ip_rcv" and of(trace, "client") == ()


LISTENS = """
__x64_sys_socket
  inet_create @3
__x64_sys_bind
  inet_bind @3
__x64_sys_listen
  inet_csk_listen_start @3
__x64_sys_accept4
  inet_csk_accept @3
"""


@pytest.mark.parametrize("clock", ["ns", "order"])
def test_what_a_listener_did_up_to_listen_is_every_connections(clock):
    two = (rows.server_row(), rows.server_row(cookie=8, rport=5), rows.listener_row(t={}))
    trace = traced(Writing().lane(LISTENS, start=T0, tid=1), *two, clock=clock)
    expected = ["__x64_sys_socket", "__x64_sys_bind", "__x64_sys_listen"]
    for at in (0, 1):
        assert [call.function for call in of(trace, "server", at)] == expected


def test_accept_is_the_accepted_connections_alone():
    written = Writing().lane("__sys_accept4\n  inet_csk_accept @3\n  __inet_accept @8", start=T0, tid=1)
    two = (rows.server_row(), rows.server_row(cookie=8, rport=5), rows.listener_row(t={}))
    trace = traced(written, *two)
    of_both = {connection.server.cookie: outline(connection.calls) for connection in Connections(trace)}
    assert of_both == {2: [], 8: ["__sys_accept4", "  inet_csk_accept", "  __inet_accept"]}


def test_work_for_others_inside_of_a_unit_is_left_out():
    stop = """
inet_csk_listen_stop @3
  inet_child_forget
    tcp_disconnect @2
  inet_child_forget @8
    tcp_disconnect @8
  release_sock @3
"""
    two = (rows.server_row(), rows.server_row(cookie=8, rport=5), rows.listener_row(t={}))
    trace = traced(Writing().lane(stop, start=T0, tid=1), *two)
    own = {connection.server.cookie: outline(connection.calls) for connection in Connections(trace)}
    assert own[2] == ["inet_csk_listen_stop", "  inet_child_forget", "    tcp_disconnect", "  release_sock"]
    assert own[8].count("    tcp_disconnect") == 1


def test_a_call_without_a_cookie_is_found_by_the_milestone_in_it():
    written = Writing().lane("__x64_sys_socket\n  sk_alloc", start=T0 - 41_000, tid=4711)
    client = rows.client_row(t={**rows.CLIENT_TIMES, "socket": -39_000})
    assert outline(of(traced(written, client), "client")) == ["__x64_sys_socket", "  sk_alloc"]
    assert of(traced(written, client, clock="order"), "client") == ()


def test_of_several_attempts_on_one_socket_each_has_its_own():
    written = Writing()
    written.lane("__x64_sys_connect @1 = -111", start=T0 - 1000, tid=4711)
    written.lane("__x64_sys_connect @1", start=T0 + 49_000, tid=4711)
    first = rows.client_row(t={"connect": 0}, attempt=1)
    second = rows.client_row(t={"connect": 51_000}, attempt=2)
    made = Connections(traced(written, first, second))
    assert [[call.ret for call in connection.calls] for connection in made] == [["-ECONNREFUSED"], ["0"]]


def test_in_order_states_are_marks_by_what_was_stored():
    calls = of(traced(Writing(1).lane(CONNECT, start=5, tid=4711), clock="order"), "client")
    assert named(calls, "inet_sk_state_store").marks == ("CLOSE → SYN_SENT",)
    assert named(calls, "tcp_set_state").marks == ()


def test_in_order_a_state_that_the_half_did_not_tell_of_is_a_mark_without_the_one_before():
    written = Writing(1).lane("tcp_done @1\n  tcp_set_state @1 state=7", start=5, tid=4711)
    assert named(of(traced(written, clock="order"), "client"), "tcp_set_state").marks == ("→ CLOSE",)


def stacked(**more: Any) -> dict[str, Any]:
    """A client whose change of state has stack 1, in the middle of CONNECT."""
    frames = ["helper+1", "inet_sk_state_store+5", "tcp_v4_connect+9", "__x64_sys_connect+7"]
    client = rows.client_row(transitions=[(4_500, "CLOSE", "SYN_SENT", 1)])
    return {"halves": (client,), "stacks": {1: more.get("frames", frames[1:])}}


def test_with_a_clock_a_change_of_state_marks_the_innermost_call_at_its_time():
    given = stacked()
    trace = traced(Writing().lane(CONNECT, start=T0, tid=4711), *given["halves"], stacks=given["stacks"])
    calls = of(trace, "client")
    assert [call.function for call in every(calls) if call.marks] == ["inet_sk_state_store"]
    assert named(calls, "inet_sk_state_store").marks == ("CLOSE → SYN_SENT",)


def test_what_a_stack_shows_below_the_innermost_call_is_there_as_seen_in_a_stack():
    given = stacked(frames=["helper+1", "inet_sk_state_store+5", "tcp_v4_connect+9", "__x64_sys_connect+7"])
    trace = traced(Writing().lane(CONNECT, start=T0, tid=4711), *given["halves"], stacks=given["stacks"])
    below = named(of(trace, "client"), "inet_sk_state_store").children
    assert [(call.function, call.evidence, call.marks) for call in below] == [
        ("helper", "stack", ("CLOSE → SYN_SENT",))
    ]


def test_a_stack_that_no_traced_call_holds_is_a_tree_beside_them():
    client = rows.client_row(transitions=[(60_000, "SYN_SENT", "ESTABLISHED", 1)])
    stacks = {1: ["tcp_finish_connect+3", "tcp_v4_rcv+4", "net_rx_action+1", "handle_softirqs+2"]}
    trace = traced(Writing().lane(CONNECT, start=T0, tid=4711), client, stacks=stacks)
    roots = [(call.function, call.evidence) for call in of(trace, "client")]
    assert roots == [("__x64_sys_connect", "probe"), ("net_rx_action", "stack")]


def test_a_connection_of_which_nothing_was_traced_has_the_forest_of_its_stacks():
    given = stacked()
    trace = traced(Writing().lane("f @99", start=T0, tid=1), *given["halves"], stacks=given["stacks"])
    calls = of(trace, "client")
    assert outline(calls)[0] == "__x64_sys_connect" and {call.evidence for call in every(calls)} == {"stack"}


INLINED = """
tcp_v4_connect @1
  ip_route_output_key_hash
  dst_release
  ip_route_output_flow
  tcp_set_state @1 state=2
  inet_hash_connect @1
  ip_route_output_flow
  tcp_connect @1
    inet_sk_rebuild_header @1
    tcp_mtup_init @1
    tcp_select_initial_window @1
    __tcp_transmit_skb @1
    sk_reset_timer @1
"""


def test_inlined_functions_are_around_the_calls_that_only_they_make():
    calls = of(traced(Writing().lane(INLINED, start=T0, tid=4711)), "client")
    inlined = [
        (call.function, [child.function for child in call.children])
        for call in every(calls)
        if call.evidence == "effect"
    ]
    assert inlined == [
        ("ip_route_connect", ["ip_route_output_key_hash", "dst_release", "ip_route_output_flow"]),
        ("ip_route_newports", ["ip_route_output_flow"]),
        ("tcp_connect_init", ["tcp_mtup_init", "tcp_select_initial_window"]),
        ("tcp_transmit_skb", ["__tcp_transmit_skb"]),
        ("inet_csk_reset_xmit_timer", ["sk_reset_timer"]),
    ]


def test_functions_without_names_are_no_calls():
    trace = traced(Writing().lane(CONNECT, start=T0, tid=4711))
    cut_off = msgspec.structs.replace(trace, footer=msgspec.structs.replace(trace.footer, functions=[]))
    assert Connections(cut_off)[0].calls == ()
