from rows import event, trace
from synscope.connections.socket_path import MARK, socket_path
from synscope.events.wire import PathKind

SOCKET = 41  # of x86-64
STACK = [
    "timer_init_key+0x1",
    "inet_create+0x2",
    "__sys_socket+0x3",
    "__x64_sys_socket+0x4",
    "do_syscall_64+0x5",
]


def entered(code, *between):
    return [
        event(PathKind.CALL, 10, tid=7, syscall=SOCKET),
        *between,
        event(PathKind.RETURN, 90, tid=7, syscall=SOCKET, code=code),
    ]


def test_the_stack_below_the_system_call():
    events = entered(3, event(PathKind.SOCKET, 50, tid=7, stack=1))
    (root,) = socket_path(trace([], events, stacks={1: STACK}))
    assert (root.function, root.ret) == ("__x64_sys_socket", "3")
    (second,) = root.children
    (third,) = second.children
    (last,) = third.children
    assert [one.function for one in (second, third, last)] == [
        "__sys_socket",
        "inet_create",
        "timer_init_key",
    ]
    assert last.marks == (MARK,)


def test_a_call_that_came_to_no_socket():
    (root,) = socket_path(trace([], entered(-93)))
    assert (root.function, root.ret, root.children) == ("__x64_sys_socket", "-EPROTONOSUPPORT", ())


def test_nothing_seen():
    assert socket_path(trace([], [])) == ()
