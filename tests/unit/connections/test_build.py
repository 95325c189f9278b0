"""From rows to connections: order, contents, and the calls of both sides of one loopback connection."""

import msgspec
import pytest

from rows import (
    CLIENT_ISN,
    SERVER_ISN,
    T0,
    client_row,
    event,
    listener_row,
    segment_event,
    server_row,
    tcp_header,
    trace,
)
from synscope.connections import build
from synscope.connections.build import Connections, connections, count, iter_connections
from synscope.connections.model import Call, Connection
from synscope.connections.rows import HalfRow, half_row
from synscope.events.trace import Trace
from synscope.events.wire import Fate, HalfFlag, PathKind

SYSCALL = ["do_syscall_64+0x1", "entry_SYSCALL_64_after_hwframe+0x2"]
IN_CONNECT = ["tcp_v4_connect+0x1", "inet_stream_connect+0x2", "__sys_connect+0x3", "__x64_sys_connect+0x4"]
TRANSMIT = [
    "dev_hard_start_xmit+0x1",
    "__dev_queue_xmit+0x2",
    "__ip_queue_xmit+0x3",
    "__tcp_transmit_skb+0x4",
]
SOFTIRQ = ["tcp_v4_rcv+0x1", "__netif_receive_skb_one_core+0x2", "net_rx_action+0x3", "handle_softirqs+0x4"]
STACKS = {
    1: ["bpf_prog_a+0x1", "bpf_trace_run3+0x2", "inet_sk_state_store+0x3", *IN_CONNECT, *SYSCALL],
    2: [*TRANSMIT, "tcp_connect+0x5", *IN_CONNECT, *SYSCALL],
    3: [
        "__netif_receive_skb_core+0x1",
        *SOFTIRQ[1:],
        *TRANSMIT[1:],
        "tcp_connect+0x5",
        *IN_CONNECT,
        *SYSCALL,
    ],
    4: [
        *TRANSMIT[:2],
        "tcp_v4_send_synack+0x1",
        "tcp_conn_request+0x2",
        *SOFTIRQ,
        *TRANSMIT[1:],
        *IN_CONNECT,
    ],
    5: ["inet_csk_clone_lock+0x1", "tcp_v4_syn_recv_sock+0x2", "tcp_check_req+0x3", *SOFTIRQ, *IN_CONNECT],
    6: ["__mod_timer+0x1", "inet_create+0x2", "__sock_create+0x3", "__x64_sys_socket+0x4", *SYSCALL],
    7: ["inet_sk_state_store+0x1", "inet_csk_listen_start+0x2", "inet_listen+0x3", "__x64_sys_listen+0x4"],
}


@pytest.fixture
def path_trace() -> Trace:
    syn = tcp_header(50164, 8080, CLIENT_ISN)
    synack = tcp_header(8080, 50164, SERVER_ISN, CLIENT_ISN + 1, flags=0x12)
    client = client_row(transitions=[(15_000, "CLOSE", "SYN_SENT", 1), (70_000, "SYN_SENT", "ESTABLISHED")])
    server = server_row(transitions=[(80_000, "LISTEN", "SYN_RECV", 5), (84_000, "SYN_RECV", "ESTABLISHED")])
    listener = listener_row(transitions=[(-200_000, "CLOSE", "LISTEN", 7), (900_000, "LISTEN", "CLOSE")])
    events = [
        event(PathKind.SOCKET, -310_000, tid=4710, stack=6),
        event(PathKind.SOCKET, -5_000, tid=4711, stack=-1),
        event(PathKind.SOCKET, -1_000, tid=4711, stack=6),
        event(PathKind.CALL, 5_000, tid=4711, syscall=42),
        event(PathKind.RETURN, 90_000, tid=4711, syscall=42, code=0),
        event(PathKind.CALL, -100_000, tid=4710, syscall=288),
        event(PathKind.RETURN, 94_000, tid=4710, syscall=288, code=4),
        segment_event(PathKind.SENT, 26_000, syn, stack=2),
        segment_event(PathKind.RECEIVED, 29_000, syn, stack=3),
        segment_event(PathKind.SENT, 51_000, synack, stack=4),
    ]
    return trace([listener, client, server], events, STACKS)


def drawn(calls: tuple[Call, ...], side: str, depth: int = 0) -> list[str]:
    lines = []
    for call in calls:
        if call.side == side:
            lines.append(" ".join(["  " * depth + call.function, *(f"<{mark}>" for mark in call.marks)]))
            lines += drawn(call.children, side, depth + 1)
    return lines


def test_the_client_s_calls(path_trace: Trace) -> None:
    (connection,) = connections(path_trace)
    assert drawn(connection.calls, "client") == [
        "__x64_sys_socket",
        "  __sock_create",
        "    inet_create",
        "      __mod_timer <creates the socket>",
        "__x64_sys_connect",
        "  __sys_connect",
        "    inet_stream_connect",
        "      tcp_v4_connect",
        "        inet_sk_state_store <CLOSE → SYN_SENT>",
        "        tcp_connect",
        "          tcp_transmit_skb",
        "            __tcp_transmit_skb",
        "              __ip_queue_xmit",
        "                __dev_queue_xmit",
        "                  dev_hard_start_xmit <sends S>",
    ]
    connect = next(call for call in connection.calls if call.function == "__x64_sys_connect")
    assert (connect.enter_ns, connect.exit_ns, connect.ret) == (T0 + 5_000, T0 + 90_000, "0")


def test_the_server_s_calls_have_nothing_of_the_client_s(path_trace: Trace) -> None:
    (connection,) = connections(path_trace)
    assert drawn(connection.calls, "server") == [
        "__x64_sys_socket",
        "  __sock_create",
        "    inet_create",
        "      __mod_timer <creates the socket>",
        "__x64_sys_listen",
        "  inet_listen",
        "    inet_csk_listen_start",
        "      inet_sk_state_store <CLOSE → LISTEN>",
        "__x64_sys_accept4",
        "net_rx_action",
        "  __netif_receive_skb_one_core",
        "    __netif_receive_skb_core <receives S>",
        "    tcp_v4_rcv",
        "      tcp_conn_request",
        "        tcp_v4_send_synack",
        "          __dev_queue_xmit",
        "            dev_hard_start_xmit <sends S.>",
        "      tcp_check_req",
        "        tcp_v4_syn_recv_sock",
        "          inet_csk_clone_lock <LISTEN → SYN_RECV>",
    ]


def test_transitions_name_the_function_that_made_them(path_trace: Trace) -> None:
    (connection,) = connections(path_trace)
    assert [(t.side, t.source, t.target, t.by) for t in connection.transitions] == [
        ("server", "CLOSE", "LISTEN", "inet_csk_listen_start"),
        ("client", "CLOSE", "SYN_SENT", "tcp_v4_connect"),
        ("client", "SYN_SENT", "ESTABLISHED", None),
        ("server", "LISTEN", "SYN_RECV", "inet_csk_clone_lock"),
        ("server", "SYN_RECV", "ESTABLISHED", None),
    ]


def test_milestones_are_both_sides_and_the_listener_s_in_time_order() -> None:
    (connection,) = connections(trace([listener_row(), client_row(), server_row()]))
    assert [(m.side, m.name) for m in connection.milestones][:5] == [
        ("server", "socket"),
        ("server", "bind"),
        ("server", "listen"),
        ("client", "socket"),
        ("client", "connect"),
    ]
    times = [m.t_ns for m in connection.milestones]
    assert times == sorted(times)
    assert connection.server is not None
    assert connection.server.listener is not None
    assert (connection.server.listener.cookie, connection.server.listener.backlog_max) == (3, 128)
    assert connection.server.listener.backlog_at_syn == 0


def many(number: int) -> Trace:
    rows = [listener_row()]
    for n in reversed(range(number)):
        isns = {"isn": CLIENT_ISN + n, "peer_isn": SERVER_ISN + n}
        rows.append(client_row(cookie=10 + n, t0=T0 + n * 10**6, **isns))
        mirror = {"isn": SERVER_ISN + n, "peer_isn": CLIENT_ISN + n}
        rows.append(server_row(cookie=1000 + n, t0=T0 + n * 10**6, **mirror))
    return trace(rows)


def test_ids_follow_the_first_milestones_and_a_limit_takes_the_first() -> None:
    found = connections(many(20))
    assert [c.id for c in found] == [f"c{n}" for n in range(1, 21)]
    assert [c.client.cookie for c in found if c.client] == list(range(10, 30))
    assert connections(many(20), limit=3) == found[:3]
    assert next(iter_connections(many(20))) == found[0]
    assert count(many(20)) == 20


def only(*rows: object, **kw: object) -> Connection:
    (connection,) = connections(trace(rows, **kw))  # type: ignore[arg-type]
    return connection


def test_a_half_alone_knows_where_it_was_going() -> None:
    refused = only(client_row(peer_isn=None, fate=Fate.FAILED, sk_err=111, t={"connect": 1, "syn_out": 2}))
    assert refused.server is None
    assert refused.client is not None
    assert (refused.client.address, refused.client.port) == ("127.0.0.1", 50164)
    assert (refused.client.peer_address, refused.client.peer_port) == ("127.0.0.1", 8080)
    assert only(server_row()).client is None


def test_families() -> None:
    mapped = client_row(local="::ffff:127.0.0.1", remote="::ffff:127.0.0.1")
    six = only(client_row(local="::1", remote="::1"), server_row(local="::1", remote="::1"))
    both = only(mapped, server_row())
    assert (six.family, six.mapped) == ("inet6", False)
    assert (both.family, both.mapped) == ("inet6", True)
    assert both.client is not None
    assert both.client.address == "127.0.0.1"


def test_unknown_is_none() -> None:
    bare = only(
        client_row(
            lport=0,
            local="0.0.0.0",
            isn=None,
            peer_isn=None,
            pid=0,
            netns=0,
            t={"connect": 1},
            transitions=[],
        )
    ).client
    assert bare is not None
    unknown = (bare.address, bare.port, bare.isn, bare.pid, bare.tid, bare.comm, bare.netns, bare.cgroup)
    assert set(unknown) == {None}


def test_names_that_are_not_utf8() -> None:
    row = client_row()
    row["comm"] = b"caf\xe9\x1b[31m".ljust(16, b"\0")
    client = only(row).client
    assert client is not None
    assert client.comm == "caf\ufffd\x1b[31m"  # made harmless where it is shown, not here


def test_what_a_half_says_of_its_failure() -> None:
    row = client_row(drop_reason=8, drop_location=0x1234, sk_err=110, sk_err_soft=113, syn_retransmits=2)
    client = only(row, footer={"symbols": {0x1234: "nft_do_chain+0x5"}}).client
    assert client is not None
    assert (client.drop_reason, client.drop_location) == ("NETFILTER_DROP", "nft_do_chain")
    assert (client.sk_err, client.sk_err_soft, client.retransmits) == ("ETIMEDOUT", "EHOSTUNREACH", 2)


def test_losses_are_passed_on() -> None:
    row = client_row(transition_count=9)
    assert only(row, footer={"lost": {"sockops: ring full": 4}}).lost == {
        "sockops: ring full": 4,
        "half: transitions after the first 7": 2,
    }


def test_an_untraced_peer_is_marked() -> None:
    connection = only(client_row(), server_row(flags=HalfFlag.PEER))
    assert connection.client is not None
    assert connection.server is not None
    assert (connection.client.traced, connection.server.traced) == (True, False)


def test_a_simultaneous_open_has_two_active_halves() -> None:
    other = client_row(
        cookie=5, lport=8080, rport=50164, isn=SERVER_ISN, peer_isn=CLIENT_ISN, t={"connect": 20_000}
    )
    connection = only(other, client_row())
    assert connection.client is not None
    assert connection.server is not None
    assert (connection.client.cookie, connection.server.cookie) == (1, 5)
    assert ("server", "connect") in {(m.side, m.name) for m in connection.milestones}


def test_an_empty_trace_has_none() -> None:
    assert connections(trace([])) == []
    assert connections(trace([listener_row()])) == []


def test_any_connection_by_its_place() -> None:
    made = Connections(many(20))
    every = list(made)
    assert len(made) == len(every) == 20
    assert made[7] == every[7]
    assert (made[7].id, made[-1].id) == ("c8", "c20")
    assert made[5:8] == every[5:8]
    with pytest.raises(IndexError):
        made[20]


def test_only_what_is_asked_for_is_made(monkeypatch: pytest.MonkeyPatch) -> None:
    read: list[int] = []

    def counted(row: object) -> HalfRow:
        read.append(int(row["cookie"]))  # type: ignore[index]
        return half_row(row)

    made = Connections(many(20))
    monkeypatch.setattr(build, "half_row", counted)
    assert made[7].id == "c8"
    assert sorted(read) == [3, 17, 1007]
    read.clear()
    assert [one.id for one in made[8:10]] == ["c9", "c10"]
    assert sorted(read) == [18, 19, 1008, 1009]  # the listener is known by now


def test_call_forests_can_be_left_out(path_trace: Trace) -> None:
    (bare,), (whole,) = Connections(path_trace, calls=False), Connections(path_trace)
    assert bare.calls == ()
    assert whole.calls
    assert bare == msgspec.structs.replace(whole, calls=())


def test_a_listener_without_a_cookie_still_has_its_queue() -> None:
    connection = only(client_row(), server_row(listener=0, backlog=3))
    assert connection.server and connection.server.listener
    listener = connection.server.listener
    assert (listener.cookie, listener.backlog_at_syn, listener.backlog_max) == (None, 3, 128)
