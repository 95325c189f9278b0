"""Does something in another network namespace, in a thread that goes there and ends."""

import ctypes
import os
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import TypeVar

from synscope.errors import Exit, SynscopeError
from synscope.kernel import netns

_T = TypeVar("_T")
_CLONE_NEWNET = 0x40000000  # include/uapi/linux/sched.h


def within(inum: int, do: Callable[[], _T]) -> _T:
    """What `do` returns in the network namespace of that number.

    Raises:
        SynscopeError: it cannot be entered, or nothing leads to it any more.
    """
    if inum == netns.own():
        return do()
    with ThreadPoolExecutor(1) as thread:
        return thread.submit(_entered, _door(inum), do).result()


def _entered(door: Path, do: Callable[[], _T]) -> _T:
    descriptor = os.open(door, os.O_RDONLY | os.O_CLOEXEC)
    try:
        libc = ctypes.CDLL(None, use_errno=True)
        if libc.setns(descriptor, _CLONE_NEWNET):
            number = ctypes.get_errno()
            raise SynscopeError(
                "cannot enter the network namespace",
                f"{door}: {os.strerror(number)}",
                "run synscope as root with CAP_SYS_ADMIN",
                Exit.NOT_PERMITTED,
            )
    finally:
        os.close(descriptor)
    return do()


def _door(inum: int) -> Path:
    """A file by which it is entered: a name of `ip netns`, or that of a process in it."""
    for path in _doors():
        try:
            if path.stat().st_ino == inum:
                return path
        except OSError:
            continue  # ended meanwhile
    why = f"no process and no name of ip netns leads to net:[{inum}]"
    raise SynscopeError("cannot enter the network namespace", why, "lsns --type net")


def _doors() -> Iterator[Path]:
    yield from netns.NAMED.glob("*")
    yield from netns.PROC.glob("[0-9]*/ns/net")
