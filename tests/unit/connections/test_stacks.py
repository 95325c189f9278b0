"""Cutting stacks: shapes as kernels 6.1 to 6.18 give them."""

from synscope.connections.stacks import Path, Stacks, cut, maker_of

MACHINERY = ["bpf_prog_1f2e_state+0x1a", "bpf_trace_run3+0x6f", "__traceiter_inet_sock_set_state+0x3c"]
SYSCALL = ["__sys_connect+0x9a", "__x64_sys_connect+0x14", "x64_sys_call+0x1", "do_syscall_64+0x82"]
SYSCALL += ["entry_SYSCALL_64_after_hwframe+0x76"]
CONNECT = ["tcp_v4_connect+0x3ff", "__inet_stream_connect+0xf1", "inet_stream_connect+0x36", *SYSCALL]
RECEIVE = [
    "tcp_conn_request+0x1",
    "tcp_v4_rcv+0x2",
    "__netif_receive_skb_one_core+0x8c",
    "process_backlog+0x8",
]
RECEIVE += ["__napi_poll+0x2b", "net_rx_action+0x2f1"]


def test_a_system_call() -> None:
    path = cut([*MACHINERY, "inet_sk_state_store+0x1a", *CONNECT])
    assert path.context == "process"
    assert path.frames == (
        "__x64_sys_connect",
        "__sys_connect",
        "inet_stream_connect",
        "__inet_stream_connect",
        "tcp_v4_connect",
        "inet_sk_state_store",
    )


def test_softirq_on_top_of_the_sender_is_not_the_senders() -> None:
    for entry in ("handle_softirqs+0xd2", "__do_softirq+0xcd"):
        path = cut([*MACHINERY, *RECEIVE, entry, "do_softirq+0x4", "__dev_queue_xmit+0x9", *CONNECT])
        assert path.context == "softirq"
        assert path.frames[0] == "net_rx_action"
        assert path.frames[-1] == "tcp_conn_request"
        assert "tcp_v4_connect" not in path.frames


def test_a_timer() -> None:
    path = cut(["tcp_write_timer+0x1", "call_timer_fn+0x2", "__run_timers+0x3", "run_timer_softirq+0x4"])
    assert path == Path("softirq", ("run_timer_softirq", "__run_timers", "call_timer_fn", "tcp_write_timer"))
    assert cut(["a", "tasklet_action", "handle_softirqs", "x"]).frames == ("tasklet_action", "a")


def test_a_stack_cut_off_before_the_softirqs_entry_is_still_softirq() -> None:
    assert cut(RECEIVE[:3]).frames == ("__netif_receive_skb_one_core", "tcp_v4_rcv", "tcp_conn_request")


def test_the_backlog_is_process_context() -> None:
    path = cut(
        ["tcp_v4_do_rcv+0x1", "__release_sock+0x1", "release_sock+0x2", "inet_stream_connect+0x3", *SYSCALL]
    )
    assert path.context == "process"
    assert path.frames[0] == "__x64_sys_connect"


def test_the_maker_of_a_change_is_the_caller_of_what_stores_it() -> None:
    for setters in (["inet_sk_state_store+0x1"], ["inet_sk_set_state+0x1", "tcp_set_state.part.0+0x2"], []):
        assert maker_of(cut([*MACHINERY, *setters, *CONNECT])) == "tcp_v4_connect"
    clone = cut([*MACHINERY, "inet_csk_clone_lock+0x5", "tcp_create_openreq_child+0x1"])
    assert maker_of(clone) == "inet_csk_clone_lock"
    assert maker_of(cut(MACHINERY)) is None


def test_no_stack_is_no_path() -> None:
    stacks = Stacks({1: MACHINERY, 2: CONNECT})
    assert [stacks.path(number) for number in (-1, 1, 7)] == [None, None, None]
    assert [stacks.maker(number) for number in (-1, 2)] == [None, "tcp_v4_connect"]
