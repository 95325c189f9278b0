"""Which half each call worked for, and which thread made it."""

import pytest

from blocks import IRQ, OTHER_TASK, TASK, Cpu
from connecting import (
    CHILD,
    CLIENT_SK,
    CLIENT_SOCKET,
    LISTENER,
    NEW_SOCKET,
    REQUEST,
    SKB,
    SOCKET,
    compiled,
    opened,
    told,
)
from synscope.kernel.btf import Btf


@pytest.fixture(scope="module")
def btf(tmp_path_factory: pytest.TempPathFactory) -> Btf:
    return compiled(tmp_path_factory.mktemp("btf"))


@pytest.fixture
def cpu() -> Cpu:
    return Cpu()


def test_a_socket_is_the_halfs_from_its_allocation_on(cpu, btf):
    opened(cpu, SOCKET, LISTENER, cookie=1)
    assert told(cpu, btf) == [
        ("__sys_socket", 0, 101),
        ("sock_alloc", 1, 101),
        ("inet_create", 1, 101),
        ("sk_alloc", 1, 101),
        ("sock_init_data", 1, 101),
    ]


def test_a_socket_that_was_there_before_the_log_began(cpu, btf):
    cpu.call("tcp_release_cb", LISTENER)
    cpu.call("bpf_prog_6deef7357e7b4530_any")
    cpu.within("__sock_gen_cookie", LISTENER, ret=1)
    assert told(cpu, btf) == [("tcp_release_cb", 1, 101)]


def test_memory_that_is_used_again_is_another_socket(cpu, btf):
    opened(cpu, SOCKET, LISTENER, cookie=1)
    cpu.within("inet_listen", SOCKET)
    opened(cpu, SOCKET, LISTENER, cookie=2)
    cpu.within("inet_listen", SOCKET)
    assert [cookie for name, cookie, _ in told(cpu, btf) if name == "inet_listen"] == [1, 2]


def accepted(cpu: Cpu) -> None:
    """A request, its child, and accept(2): the child's cookie is the request's."""
    cpu.call("net_rx_action")
    cpu.call("tcp_v4_rcv", SKB)
    cpu.within("tcp_filter", LISTENER, SKB)
    cpu.within("inet_reqsk_alloc", 0, LISTENER, ret=REQUEST)
    cpu.call("bpf_prog_6deef7357e7b4530_sockops")
    cpu.within("__sock_gen_cookie", REQUEST, ret=3)
    cpu.ret()
    cpu.within("tcp_v4_send_synack", LISTENER, 0, 0, REQUEST)
    cpu.call("inet_csk_clone_lock", LISTENER, REQUEST)
    cpu.within("sk_clone_lock", LISTENER, ret=CHILD)
    cpu.ret(CHILD)
    cpu.within("tcp_release_cb", CHILD)
    cpu.ret()
    cpu.ret()


def test_a_call_with_a_listener_and_a_child_worked_for_the_child(cpu, btf):
    opened(cpu, SOCKET, LISTENER, cookie=1)
    cpu.on(IRQ)
    cpu.call("handle_softirqs")
    accepted(cpu)
    assert told(cpu, btf)[5:] == [
        ("net_rx_action", 0, 0),
        ("tcp_v4_rcv", 0, 0),
        ("tcp_filter", 1, 0),
        ("inet_reqsk_alloc", 3, 0),
        ("tcp_v4_send_synack", 3, 0),
        ("inet_csk_clone_lock", 3, 0),
        ("sk_clone_lock", 3, 0),
        ("tcp_release_cb", 3, 0),
    ]


def test_the_socket_that_accept_makes_is_the_childs(cpu, btf):
    opened(cpu, SOCKET, LISTENER, cookie=1)
    cpu.on(IRQ)
    cpu.call("handle_softirqs")
    accepted(cpu)
    cpu.on(TASK)
    cpu.call("do_accept")
    cpu.within("sock_alloc", ret=NEW_SOCKET)
    cpu.call("inet_accept", SOCKET, NEW_SOCKET)
    cpu.within("inet_csk_accept", LISTENER, ret=CHILD)
    cpu.ret()
    assert told(cpu, btf)[-3:] == [
        ("sock_alloc", 3, 101),
        ("inet_accept", 3, 101),
        ("inet_csk_accept", 3, 101),
    ]


def test_only_what_the_prototype_calls_a_pointer_counts(cpu, btf):
    opened(cpu, SOCKET, LISTENER, cookie=1)
    cpu.call("tcp_release_cb", LISTENER)
    cpu.within("__sys_socket", LISTENER)
    cpu.within("unrelated", 0, LISTENER)
    assert told(cpu, btf)[-3:] == [
        ("tcp_release_cb", 1, 101),
        ("__sys_socket", 0, 101),
        ("unrelated", 0, 101),
    ]


def test_each_thread_is_told_by_its_own_half(cpu, btf):
    opened(cpu, SOCKET, LISTENER, cookie=1)
    cpu.on(OTHER_TASK)
    opened(cpu, CLIENT_SOCKET, CLIENT_SK, cookie=2)
    cpu.on(TASK)
    cpu.call("inet_listen", SOCKET)
    cpu.on(OTHER_TASK)
    cpu.call("inet_stream_connect", CLIENT_SOCKET)
    assert told(cpu, btf)[-2:] == [("inet_listen", 1, 101), ("inet_stream_connect", 2, 201)]
