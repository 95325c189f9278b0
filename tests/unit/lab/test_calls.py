"""Rows of function calls from a log: what is left out, and what they say of a function."""

import pytest

from blocks import IRQ, OTHER_TASK, Cpu
from connecting import CLIENT_SK, CLIENT_SOCKET, HALVES, LISTENER, SOCKET, compiled, opened, told
from synscope.events.wire import CallFlag
from synscope.kernel.btf import Btf
from synscope.lab.calls import function_calls


@pytest.fixture(scope="module")
def btf(tmp_path_factory: pytest.TempPathFactory) -> Btf:
    return compiled(tmp_path_factory.mktemp("btf"))


@pytest.fixture
def cpu() -> Cpu:
    return Cpu()


def test_what_worked_for_no_half_is_left_out(cpu, btf):
    opened(cpu, SOCKET, LISTENER, cookie=1)
    cpu.call("unrelated")
    cpu.ret()
    cpu.on(OTHER_TASK)
    opened(cpu, CLIENT_SOCKET, CLIENT_SK, cookie=77)
    cpu.on(IRQ)
    cpu.call("handle_softirqs")
    cpu.within("net_rx_action")
    assert {name for name, _, _ in told(cpu, btf)} == {
        "__sys_socket",
        "sock_alloc",
        "inet_create",
        "sk_alloc",
        "sock_init_data",
    }


def test_a_thread_that_no_half_names_is_left_out(cpu, btf):
    opened(cpu, SOCKET, LISTENER, cookie=1)
    cpu.on(OTHER_TASK)
    cpu.call("tcp_release_cb", LISTENER)
    assert "tcp_release_cb" not in [name for name, _, _ in told(cpu, btf)]


def test_what_only_stands_around_is_left_out_and_no_jump_from_it_is_told(cpu, btf):
    opened(cpu, SOCKET, LISTENER, cookie=1)
    cpu.call("do_syscall_64")
    cpu.jump("inet_listen", SOCKET)
    rows, functions = function_calls(cpu.log(), cpu.symbols(), btf, HALVES)
    assert functions[rows[-1]["function"]].name == "inet_listen"
    assert not rows[-1]["flags"] & CallFlag.TAIL


def test_a_void_function_has_no_value(cpu, btf):
    opened(cpu, SOCKET, LISTENER, cookie=1)
    cpu.call("inet_listen", SOCKET)
    cpu.within("tcp_release_cb", LISTENER, ret=0x80000000)
    rows, functions = function_calls(cpu.log(), cpu.symbols(), btf, HALVES)
    assert functions[rows[-1]["function"]].name == "tcp_release_cb"
    assert (rows[-1]["ret"], rows[-1]["flags"]) == (0, CallFlag.RETURNED)


def test_functions_come_with_their_prototypes(cpu, btf):
    opened(cpu, SOCKET, LISTENER, cookie=1)
    _, functions = function_calls(cpu.log(), cpu.symbols(), btf, HALVES)
    [create] = [function for function in functions if function.name == "inet_create"]
    assert [one.type for one in create.parameters or []] == ["void *", "struct socket *", "int", "int"]


def test_without_halves_nothing_is_told(cpu, btf):
    opened(cpu, SOCKET, LISTENER, cookie=1)
    assert told(cpu, btf, HALVES[:0]) == []
    assert told(Cpu(), btf) == []
