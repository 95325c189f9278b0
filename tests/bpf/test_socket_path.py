"""The path through a socket() call, against what the kernel's source says and what the call returned."""

import os
import socket

import pytest

from support.call_trees import below
from support.require import require
from synscope.connections.model import Call as KernelCall
from synscope.kernel.symbols import Symbols
from synscope.live.socket_path import traced
from synscope.live.socket_trial import NET_RAW, As
from synscope.tcp.socket_decision import Call

pytestmark = pytest.mark.needs_kernel


@pytest.fixture(autouse=True)
def root():
    require(os.geteuid() == 0, "needs root to trace")


@pytest.mark.parametrize(
    ("family", "kind", "create"),
    [
        (socket.AF_INET, socket.SOCK_STREAM, "inet_create"),
        (socket.AF_INET, socket.SOCK_DGRAM, "inet_create"),
        (socket.AF_INET6, socket.SOCK_STREAM, "inet6_create"),
        (socket.AF_UNIX, socket.SOCK_STREAM, "unix_create"),
    ],
)
def test_the_family_makes_the_socket(family: int, kind: int, create: str) -> None:
    _, done, (root,) = traced(Call(family, kind, 0), As())
    frames = functions(root)
    assert done.errno == 0
    assert root.ret is not None
    assert int(root.ret) >= 0
    assert frames[0].endswith("sys_socket")
    assert frames.index("__sys_socket") < frames.index("__sock_create") < frames.index(create)
    assert "sock_init_data_uid" in frames or "sock_init_data" in frames
    symbols = Symbols.read()
    assert [name for name in frames if symbols.address(name) is None] == []


def test_a_call_that_is_refused_shows_its_errno() -> None:
    _, done, (root,) = traced(Call(socket.AF_INET, socket.SOCK_RAW, 1), As(without=NET_RAW))
    assert done.error == "EPERM"
    assert (root.ret, root.children) == ("-EPERM", ())


def functions(root: KernelCall) -> list[str]:
    return [call.function for call in below([root])]
