from synscope.connections.model import Call
from synscope.views import Style, plain
from synscope.views.socket_path import socket_path

INNER = Call(function="inet_create", evidence="tail_call", seen_ns=20, marks=("sets up its timer",))
ROOT = Call(function="__x64_sys_socket", seen_ns=10, enter_ns=10, exit_ns=60, ret="3", children=(INNER,))


def test_the_tree_and_what_its_signs_mean():
    text = plain(socket_path([ROOT], Style()))
    assert "__x64_sys_socket" in text
    assert "= 3 after 50 ns" in text
    assert "└ ~inet_create" in text
    assert "~ recovered tail call" in text
    assert max(map(len, text.splitlines())) <= 80


def test_a_call_that_did_not_get_far():
    root = Call(function="__x64_sys_socket", evidence="probe", seen_ns=1, enter_ns=1, exit_ns=2, ret="-EPERM")
    assert "did not get there" in plain(socket_path([root], Style()))
    assert "did not get there" in plain(socket_path([], Style()))
