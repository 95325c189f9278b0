"""Makes `socket()` calls for real, in a child that has become another user or has given up a capability."""

import ctypes
import fcntl
import os
import socket
from collections.abc import Callable, Sequence
from contextlib import suppress
from pathlib import Path

import msgspec

from synscope.errors import Exit, SynscopeError
from synscope.tcp.socket_decision import Call, Caller
from synscope.tcp.socket_report import Outcome, outcome

NET_RAW = 13  # include/uapi/linux/capability.h
_SO_PROTOCOL, _SO_DOMAIN = 38, 39  # include/uapi/asm-generic/socket.h
_NS_GET_USERNS = 0xB701  # include/uapi/linux/nsfs.h
_CAPABILITY_VERSION_3 = 0x20080522


class As(msgspec.Struct, frozen=True):
    """Who calls: `user` is (uid, gid, groups) to become first, `without` the capability to drop, as a bit."""

    user: tuple[int, int, tuple[int, ...]] | None = None
    without: int | None = None


class _Report(msgspec.Struct):
    caller: Caller | None = None
    outcomes: list[Outcome] = []
    refused: str = ""


def attempts(
    calls: Sequence[Call], who: As, begin: Callable[[int], None] | None = None
) -> tuple[Caller, list[Outcome]]:
    """Each call's outcome, sockets closed at once; and what counted of the caller, read before the calls.

    `begin` is called with the pid of the process that makes them, before it does.

    Raises:
        SynscopeError: the child could not become `who`.
    """
    reading, writing = os.pipe()
    waiting, starting = os.pipe()
    child = os.fork()
    if child == 0:
        os.close(reading)
        os.close(starting)
        _be_child(calls, who, writing, waiting)
    os.close(writing)
    os.close(waiting)
    try:
        if begin is not None:
            begin(child)
        os.write(starting, b"1")
        with open(reading, "rb") as pipe:  # noqa: PTH123  # a descriptor
            answer = pipe.read()
    finally:
        os.close(starting)
        os.waitpid(child, 0)
    report = msgspec.json.decode(answer, type=_Report) if answer else _Report(refused="the child died")
    if report.caller is None:
        raise SynscopeError(
            "cannot make the call as that user", report.refused, "sudo synscope socket …", Exit.NOT_PERMITTED
        )
    return report.caller, report.outcomes


def _be_child(calls: Sequence[Call], who: As, writing: int, waiting: int) -> None:
    """Never returns, so that no handler and no buffer of the parent runs twice."""
    report = _Report()
    try:
        if not os.read(waiting, 1):
            os._exit(0)  # the parent has given up
        _become(who)
        report.caller = caller()
        report.outcomes = [_attempt(call) for call in calls]
    except OSError as error:
        report.refused = error.strerror or str(error)
    finally:
        with suppress(OSError), open(writing, "wb") as pipe:
            pipe.write(msgspec.json.encode(report))
        os._exit(0)


def caller(proc: Path = Path("/proc")) -> Caller:
    """What counts of this process."""
    net_raw = _capabilities(proc) >> NET_RAW & 1 == 1 and _rules_namespace(proc)
    return Caller(net_raw=net_raw, groups=(os.getegid(), *os.getgroups()))


def _capabilities(proc: Path) -> int:
    lines = (proc / "thread-self/status").read_text().splitlines()
    return int(next(line.split()[1] for line in lines if line.startswith("CapEff:")), 16)


def _rules_namespace(proc: Path) -> bool:
    """Whether this user namespace owns the network namespace, or one above it does (user_namespaces(7)).

    The kernel gives the owner away only within the caller's own (EPERM else, ioctl_ns(2)).
    """
    descriptor = os.open(proc / "thread-self/ns/net", os.O_RDONLY | os.O_CLOEXEC)
    try:
        os.close(fcntl.ioctl(descriptor, _NS_GET_USERNS))
    except PermissionError:
        return False
    finally:
        os.close(descriptor)
    return True


def _become(who: As) -> None:
    if who.user is not None:
        uid, gid, groups = who.user
        os.setgroups(groups)
        os.setresgid(gid, gid, gid)
        os.setresuid(uid, uid, uid)
    if who.without is not None:
        _drop(who.without)


def _drop(capability: int) -> None:
    """Out of the effective, permitted and inheritable set (capget(2); two halves of 32 bits each)."""
    libc = ctypes.CDLL(None, use_errno=True)
    header = (ctypes.c_uint32 * 2)(_CAPABILITY_VERSION_3, 0)
    sets = (ctypes.c_uint32 * 6)()
    if libc.capget(header, sets):
        raise OSError(ctypes.get_errno(), "capget failed")
    for at in range(3):
        sets[3 * (capability // 32) + at] &= ~(1 << capability % 32) & 0xFFFFFFFF
    if libc.capset(header, sets):
        raise OSError(ctypes.get_errno(), "capset failed")


def _attempt(call: Call) -> Outcome:
    """By the C library: Python's own constructor takes -1 for "not said", and adds flags to the type."""
    libc = ctypes.CDLL(None, use_errno=True)
    descriptor = libc.socket(call.family, call.type, call.protocol)
    if descriptor < 0:
        return outcome(ctypes.get_errno())
    with socket.socket(call.family, call.type, call.protocol, fileno=descriptor) as made:
        names = (_SO_DOMAIN, socket.SO_TYPE, _SO_PROTOCOL)
        return outcome(0, Call(*(made.getsockopt(socket.SOL_SOCKET, name) for name in names)))
