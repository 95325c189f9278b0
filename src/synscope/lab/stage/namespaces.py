"""Network namespaces without a name: held by a descriptor, gone with the process that has it."""

import ctypes
import os
import signal
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

_CLONE_NEWNET = 0x40000000
_PR_SET_PDEATHSIG = 1
_OWN = "/proc/thread-self/ns/net"

_libc = ctypes.CDLL(None, use_errno=True)


def unshare() -> None:
    """Move this thread into a new network namespace, which has only a `lo` that is down.

    Raises:
        OSError: EPERM without CAP_SYS_ADMIN.
    """
    _checked(_libc.unshare(_CLONE_NEWNET))


def new() -> int:
    """A descriptor of a new network namespace; the caller stays where it is."""
    here = _open()
    try:
        unshare()
        return _open()
    finally:
        enter(here)
        os.close(here)


def enter(namespace: int) -> None:
    """Move this thread, and what it forks from now on, into a namespace."""
    _checked(_libc.setns(namespace, _CLONE_NEWNET))


@contextmanager
def inside(namespace: int) -> Iterator[None]:
    """This thread is in the namespace while the block runs."""
    here = _open()
    enter(namespace)
    try:
        yield
    finally:
        enter(here)
        os.close(here)


def die_with(parent: int) -> None:
    """Have this process killed when its parent ends, however that ends (PR_SET_PDEATHSIG, prctl(2))."""
    _checked(_libc.prctl(_PR_SET_PDEATHSIG, int(signal.SIGKILL), 0, 0, 0))
    if os.getppid() != parent:  # it was too late
        os._exit(1)


def call_me(name: str) -> None:
    """This process's name in /proc and in the story, at most 15 bytes."""
    Path("/proc/thread-self/comm").write_text(name)


def _open() -> int:
    return os.open(_OWN, os.O_RDONLY | os.O_CLOEXEC)


def _checked(result: int) -> None:
    if result != 0:
        number = ctypes.get_errno()
        raise OSError(number, os.strerror(number))
