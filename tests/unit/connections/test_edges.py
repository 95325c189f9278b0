"""What is put between two neighbours in a stack."""

from synscope.connections.edges import Edges
from synscope.connections.model import Evidence
from synscope.connections.stacks import Path, Stacks
from synscope.events.trace import Edge, Operations

V4, V6, MAPPED = 4, 6, 46
OPERATIONS = {
    V4: Operations("icsk_af_ops", {"conn_request": "tcp_v4_conn_request"}),
    V6: Operations("icsk_af_ops", {"conn_request": "tcp_v6_conn_request"}),
    MAPPED: Operations("icsk_af_ops", {"conn_request": "tcp_v6_conn_request"}),
}
EDGES = Edges(
    [
        Edge("tcp_v4_connect+0x269", "inet_sk_state_store", ["tcp_set_state"]),
        Edge("ip_rcv_core+0x8d", "ip_local_deliver_finish", ["ip_rcv", "ip_local_deliver"]),
        Edge("tcp_rcv_state_process+0x7e6", "tcp_conn_request", ["tcp_v4_conn_request"], V4),
        Edge("tcp_rcv_state_process+0x7e6", "tcp_conn_request", ["tcp_v6_conn_request"], V6),
        Edge("tcp_rcv_state_process+0x7e6", "tcp_conn_request", ["tcp_v6_conn_request"], MAPPED),
        Edge("sock_close+0x4f", "tcp_v6_conn_request", ["other"], V4),
        Edge("sock_close+0x4f", "nothing", []),
    ],
    OPERATIONS,
)


def passed(caller: str, callee: str, *tables: int) -> list[tuple[str, Evidence]]:
    return list(EDGES.passed(caller, callee, tables))


def test_a_direct_call_is_the_same_for_every_socket() -> None:
    for tables in ((), (V4,), (V6, MAPPED)):
        assert passed("tcp_v4_connect+0x269", "inet_sk_state_store", *tables) == [
            ("tcp_set_state", "tail_call")
        ]
    assert passed("ip_rcv_core+0x8d", "ip_local_deliver_finish") == [
        ("ip_rcv", "tail_call"),
        ("ip_local_deliver", "tail_call"),
    ]


def test_a_pointer_is_the_sockets_own() -> None:
    request = ("tcp_rcv_state_process+0x7e6", "tcp_conn_request")
    assert passed(*request, V4) == [("tcp_v4_conn_request", "ops_pointer")]
    assert passed(*request, V6, MAPPED) == [("tcp_v6_conn_request", "ops_pointer")]
    assert passed(*request) == []
    assert passed(*request, V4, V6) == []


def test_what_the_pointer_names_itself_was_called_itself() -> None:
    assert passed("sock_close+0x4f", "tcp_v6_conn_request", V4) == [("other", "ops_pointer")]
    assert passed("sock_close+0x4f", "tcp_v6_conn_request", V4, V6) == []


def test_another_return_address_is_another_edge() -> None:
    assert passed("tcp_v4_connect+0x270", "inet_sk_state_store") == []
    assert passed("sock_close+0x4f", "nothing") == []


def test_a_path_with_what_was_passed() -> None:
    stacks = Stacks(
        {
            1: ["inet_sk_state_store+0x1a", "tcp_v4_connect+0x269"],
            2: ["tcp_conn_request+0x8", "tcp_rcv_state_process+0x7e6"],
            3: ["inet_sk_state_store+0x1a", "tcp_v4_connect+0x270"],
        },
        EDGES,
    )
    assert stacks.path(1) == Path(
        "process",
        ("tcp_v4_connect", "tcp_set_state", "inet_sk_state_store"),
        ("stack", "tail_call", "stack"),
    )
    assert stacks.maker(1) == "tcp_v4_connect"
    assert stacks.path(3) == Path("process", ("tcp_v4_connect", "inet_sk_state_store"))
    plain, v4, v6 = (stacks.through(tables) for tables in ((), (V4,), (V6, MAPPED)))
    assert plain is stacks
    assert v4 is stacks.through((V4,))
    assert [one.path(2).frames[1:-1] for one in (plain, v4, v6)] == [
        (),
        ("tcp_v4_conn_request",),
        ("tcp_v6_conn_request",),
    ]
