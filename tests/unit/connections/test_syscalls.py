"""Finding the system call in which a milestone was reached."""

import pytest

from rows import T0, event, trace
from synscope.connections.syscalls import SystemCalls, returned
from synscope.events.trace import Rows
from synscope.events.wire import PathKind


def call(t: int, tid: int, number: int) -> Rows:
    return event(PathKind.CALL, t, tid=tid, syscall=number)


def done(t: int, tid: int, number: int, code: int) -> Rows:
    return event(PathKind.RETURN, t, tid=tid, syscall=number, code=code)


EVENTS = [
    call(10, 1, 42),
    call(12, 2, 42),
    done(20, 1, 42, -111),
    call(30, 1, 42),
    done(40, 1, 42, 0),
    call(50, 1, 288),
    done(60, 1, 288, 5),
    call(70, 1, 288),
]


@pytest.fixture
def calls() -> SystemCalls:
    return SystemCalls(trace([], EVENTS[::-1]))


def test_the_threads_last_call_before_the_milestone(calls: SystemCalls) -> None:
    found = calls.find(1, "connect", T0 + 15, "client")
    assert found is not None
    assert (found.function, found.enter_ns, found.exit_ns) == ("__x64_sys_connect", T0 + 10, T0 + 20)
    assert found.ret == "-ECONNREFUSED"
    again = calls.find(1, "connect", T0 + 35, "client")
    assert again is not None
    assert (again.enter_ns, again.ret) == (T0 + 30, "0")


def test_a_call_that_has_not_returned(calls: SystemCalls) -> None:
    found = calls.find(2, "connect", T0 + 99, "client")
    assert found is not None
    assert (found.enter_ns, found.exit_ns, found.ret) == (T0 + 12, None, None)


def test_accept_may_be_stamped_after_its_return(calls: SystemCalls) -> None:
    found = calls.find(1, "accepted", T0 + 61, "server")
    assert found is not None
    assert (found.function, found.enter_ns, found.ret) == ("__x64_sys_accept4", T0 + 50, "5")


def test_no_such_call(calls: SystemCalls) -> None:
    assert calls.find(1, "listen", T0 + 15, "server") is None
    assert calls.find(1, "connect", T0 + 5, "client") is None
    assert calls.find(3, "connect", T0 + 15, "client") is None


@pytest.mark.parametrize(("code", "text"), [(0, "0"), (7, "7"), (-1, "-EPERM"), (-4095, "-errno 4095")])
def test_return_values(code: int, text: str) -> None:
    assert returned(code) == text
