"""Which calls the rules add, given a kernel's text and a socket's operations, and where they stand."""

import pytest

from synscope.connections.calls import Sighting, SystemCall, call_forest
from synscope.connections.model import Call
from synscope.connections.stacks import Path
from synscope.connections.unseen import FUNCTIONS, POINTERS, Additions, additions
from synscope.events.trace import FunctionText

OPS = {
    "socket->ops": {"bind": "inet_bind", "accept": "inet_accept"},
    "sk_prot": {"init": "tcp_v4_init_sock", "accept": "inet_csk_accept"},
    "icsk_af_ops": {"send_check": "tcp_v4_send_check"},
}
SIGNS = {"ops_pointer": "*", "tail_call": "~", "call_site": "+", "probe": ">"}


def text(**functions: str) -> dict[str, FunctionText]:
    """Each function with what it calls, and jumps to (`~name`)."""
    return {
        name: FunctionText(
            [word for word in words.split() if word[0] != "~"],
            [word[1:] for word in words.split() if word[0] == "~"],
        )
        for name, words in functions.items()
    }


NEW = text(
    __x64_sys_bind="__sys_bind",
    __sys_bind="*",
    inet_bind="~inet_bind_sk",
    inet_bind_sk="* __inet_bind",
    __x64_sys_accept4="__sys_accept4",
    __sys_accept4="do_accept",
    do_accept="*",
    inet_accept="*",
    inet_create="sock_init_data *",
    tcp_v4_connect="tcp_set_state inet_hash_connect tcp_connect",
    inet_hash_connect="~__inet_hash_connect",
    __tcp_transmit_skb="tcp_v4_send_check ip_queue_xmit",
    tcp_rcv_state_process="tcp_ack",
)
OLD = text(__x64_sys_bind="__sys_bind", __sys_bind="*", inet_bind="__inet_bind")


def seen(t_ns: int, frames: str, mark: str = "") -> Sighting:
    return Sighting(t_ns=t_ns, side="client", path=Path("process", tuple(frames.split())), mark=mark)


def system_call(name: str, ret: str | None) -> SystemCall:
    return SystemCall(function=f"__x64_sys_{name}", side="client", enter_ns=1, exit_ns=9, ret=ret)


def drawn(call: Call, depth: int = 0) -> list[str]:
    own = "  " * depth + SIGNS.get(call.evidence, "") + call.function
    return [own, *(line for child in call.children for line in drawn(child, depth + 1))]


def tree(known: Additions, *what: Sighting | SystemCall) -> list[str]:
    calls = [one for one in what if isinstance(one, SystemCall)]
    forest = call_forest([one for one in what if isinstance(one, Sighting)], calls, client=known)
    return [line for root in forest for line in drawn(root)]


def of(kernel: dict[str, FunctionText], ops: dict[str, dict[str, str]] | None = OPS) -> Additions:
    return additions(kernel, ops, ops)


BIND = [">__x64_sys_bind", "  +__sys_bind", "    *inet_bind"]


def test_bind_that_succeeded() -> None:
    found = tree(of(NEW), system_call("bind", "0"))
    assert found == [*BIND, "      ~inet_bind_sk", "        +__inet_bind"]
    assert tree(of(OLD), system_call("bind", "0")) == [*BIND, "      +__inet_bind"]


@pytest.mark.parametrize("ret", ["-EADDRINUSE", None])
def test_nothing_is_certain_of_a_call_that_failed_or_has_not_returned(ret: str | None) -> None:
    assert tree(of(NEW), system_call("bind", ret)) == [">__x64_sys_bind"]


def test_a_way_ends_where_nothing_proves_the_next_step() -> None:
    known = system_call("bind", "0")
    assert tree(of(NEW, None), known) == BIND[:2]
    assert tree(of(text(__x64_sys_bind="__sys_bind", __sys_bind="fput")), known) == BIND[:2]
    assert tree(of({}), known) == BIND[:1]


def test_accept() -> None:
    assert tree(of(NEW), system_call("accept4", "5")) == [
        ">__x64_sys_accept4",
        "  +__sys_accept4",
        "    +do_accept",
        "      *inet_accept",
        "        *inet_csk_accept",
    ]


def test_what_comes_after_its_elder_siblings() -> None:
    sightings = [
        seen(1, "__x64_sys_connect tcp_v4_connect ip_route_output_flow", "route"),
        seen(2, "__x64_sys_connect tcp_v4_connect tcp_set_state", "CLOSE → SYN_SENT"),
        seen(3, "__x64_sys_connect tcp_v4_connect tcp_connect __tcp_transmit_skb ip_queue_xmit", "sends S"),
    ]
    assert tree(of(NEW), *sightings) == [
        "__x64_sys_connect",
        "  tcp_v4_connect",
        "    ip_route_output_flow",
        "    tcp_set_state",
        "    +inet_hash_connect",
        "      ~__inet_hash_connect",
        "    tcp_connect",
        "      __tcp_transmit_skb",
        "        *tcp_v4_send_check",
        "        ip_queue_xmit",
    ]


def test_without_its_condition_nothing_is_added() -> None:
    no_port = [seen(2, "__x64_sys_connect tcp_v4_connect tcp_set_state", "CLOSE → SYN_SENT")]
    assert "    +inet_hash_connect" not in tree(of(NEW), *no_port)
    dropped = [seen(2, "tcp_connect __tcp_transmit_skb ip_queue_xmit", "drops S")]
    assert "    *tcp_v4_send_check" not in tree(of(NEW), *dropped)


def test_what_a_stack_shows_is_not_added_again() -> None:
    sightings = [
        seen(2, "__x64_sys_bind __sys_bind inet_bind inet_bind_sk __inet_bind inet_addr_type_table", "route")
    ]
    assert tree(of(NEW), *sightings, system_call("bind", "0")) == [
        "__x64_sys_bind",
        "  __sys_bind",
        "    inet_bind",
        "      inet_bind_sk",
        "        __inet_bind",
        "          inet_addr_type_table",
    ]


def test_the_socket_that_is_made_is_the_one_that_was_opened() -> None:
    creation = seen(2, "__x64_sys_socket inet_create sock_init_data sock_init_data_uid", "creates the socket")
    known = additions(NEW, OPS, {"sk_prot": {"init": "another"}})
    assert tree(known, creation, system_call("socket", "3")) == [
        "__x64_sys_socket",
        "  inet_create",
        "    sock_init_data",
        "      sock_init_data_uid",
        "    *tcp_v4_init_sock",
    ]


def test_a_condition_anywhere_beneath_the_root() -> None:
    kernel = text(tcp_check_req="inet_csk_complete_hashdance")
    cloned = seen(1, "tcp_v4_rcv tcp_check_req tcp_v4_syn_recv_sock", "LISTEN → SYN_RECV")
    done = seen(2, "tcp_v4_rcv tcp_child_process", "SYN_RECV → ESTABLISHED")
    assert tree(of(kernel), cloned, done)[1:4] == [
        "  tcp_check_req",
        "    tcp_v4_syn_recv_sock",
        "    +inet_csk_complete_hashdance",
    ]
    assert "    +inet_csk_complete_hashdance" not in tree(of(kernel), cloned)


def test_times_of_what_was_not_seen_are_its_callers() -> None:
    (root,) = call_forest([seen(7, "other", "m")], [system_call("bind", "0")], client=of(NEW))[:1]
    assert (root.function, root.seen_ns, root.enter_ns, root.exit_ns) == ("__x64_sys_bind", 1, 1, 9)
    assert root.children[0].seen_ns == 1


def test_what_the_rules_name() -> None:
    assert ("icsk_af_ops", "send_check") in POINTERS
    assert {"__x64_sys_bind", "do_accept", "inet_hash_connect"} <= FUNCTIONS
