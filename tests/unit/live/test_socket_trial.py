import errno
import os
import socket
from pathlib import Path

import pytest

from support.require import require
from synscope.errors import Exit, SynscopeError
from synscope.live.socket_trial import NET_RAW, As, attempts, caller
from synscope.tcp.socket_decision import Call


def test_what_a_call_came_to():
    _, outcomes = attempts([Call(2, 1, 0), Call(2, 2, 17), Call(2, 1, -1), Call(-1, 1, 0)], As())
    assert [outcome.socket for outcome in outcomes[:2]] == [Call(2, 1, 6), Call(2, 2, 17)]
    assert [outcome.error for outcome in outcomes[2:]] == ["EINVAL", "EAFNOSUPPORT"]


def test_the_child_leaves_nothing_behind():
    before = len([*Path("/proc/self/fd").iterdir()]), children()
    attempts([Call(2, 1, 0)], As())
    assert (len([*Path("/proc/self/fd").iterdir()]), children()) == before


def children() -> str:
    """This process's, those that have ended and were not waited for included."""
    return Path(f"/proc/{os.getpid()}/task/{os.getpid()}/children").read_text()


def test_the_caller_is_this_process():
    found, _ = attempts([], As())
    assert found == caller()
    assert found.groups[0] == os.getegid()


def test_a_capability_can_be_dropped():
    require(os.geteuid() == 0, "needs root to have a capability")
    found, (outcome,) = attempts([Call(2, 3, 1)], As(without=NET_RAW))
    assert not found.net_raw
    assert outcome.errno == errno.EPERM
    assert caller().net_raw


def test_another_user_has_neither_its_capabilities_nor_its_groups():
    require(os.geteuid() == 0, "needs root to become another user")
    found, (outcome,) = attempts([Call(socket.AF_INET, 3, 1)], As(user=(65534, 65533, (4, 5))))
    assert (found.net_raw, found.groups, outcome.error) == (False, (65533, 4, 5), "EPERM")


def test_who_cannot_become_somebody_is_told(monkeypatch):
    def refuse(groups):
        raise PermissionError(errno.EPERM, os.strerror(errno.EPERM))

    monkeypatch.setattr(os, "setgroups", refuse)
    with pytest.raises(SynscopeError, match="not permitted") as caught:
        attempts([Call(2, 1, 0)], As(user=(1, 1, ())))
    assert caught.value.code == Exit.NOT_PERMITTED
