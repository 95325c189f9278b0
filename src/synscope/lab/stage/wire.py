"""A wire that is a program: a TUN device on each of two hosts, and a handler of what passes between them.

What is lost, late or altered on it is so outside of any kernel, as in a network of other people's.
"""

import fcntl
import heapq
import os
import select
import struct
import time
from collections.abc import Callable, Generator, Iterable, Sequence
from contextlib import suppress
from itertools import count
from typing import Any, NamedTuple

from synscope.lab.stage import namespaces
from synscope.lab.stage.actors import Actor, GoingOn, Script
from synscope.lab.stage.packets import Packet

_TUNSETIFF = 0x400454CA  # include/uapi/linux/if_tun.h
_IFF_TUN_NO_PI = 0x1001
_LARGEST = 65536

Handle = Callable[[Packet], Iterable[Packet]]
"""What leaves the wire for a TCP segment that entered it: itself, nothing, another, several."""


class Seen(NamedTuple):
    """A TCP segment that entered the wire: towards which of its two hosts (0 near, 1 far), its flags
    (`S`, `SA`, `R`, …), and whether anything left the wire for it.
    """

    to: int
    flags: str
    passed: bool


class Wire:
    """The stage's view of a wire."""

    def __init__(self, actor: Actor, log: int) -> None:
        self._actor = actor
        self._log = log

    def seen(self, flags: str | None = None) -> list[Seen]:
        """The TCP segments so far, or those with exactly these flags.

        Raises:
            StageError: the wire's handler failed.
        """
        self._actor.reported()
        lines = os.pread(self._log, os.fstat(self._log).st_size, 0).decode().splitlines()
        logged = (line.split(",") for line in lines)
        found = [Seen(int(to), letters, passed == "True") for to, letters, passed in logged]
        return [one for one in found if flags is None or one.flags == flags]

    def lost(self, flags: str | None = None) -> int:
        """How many of them did not leave the wire."""
        return sum(not one.passed for one in self.seen(flags))


def PASS(packet: Packet) -> Iterable[Packet]:  # noqa: N802 - a handler that is named like a constant
    """Everything passes."""
    return (packet,)


def delaying(seconds: float) -> Handle:
    """Everything passes, that much later."""
    return lambda packet: (packet._replace(after=seconds),)


def losing(flags: str, times: int | None = None) -> Handle:
    """The first `times` segments with exactly these flags are lost; without `times`, all of them."""
    left = [times]

    def handle(packet: Packet) -> Iterable[Packet]:
        if packet.flags != flags or left[0] == 0:
            return (packet,)
        if left[0] is not None:
            left[0] -= 1
        return ()

    return handle


def crossing(ends: Sequence[tuple[int, str]], handle: Handle, log: int) -> Script:
    """The wire's script: makes the devices (namespace, name), then carries for ever.

    `log` is a file for what it saw: nobody need read it for the wire to go on.
    """

    def script() -> Generator[Any, Any, None]:
        tuns = [_tun(*end) for end in ends]
        yield GoingOn(None)
        order = count()  # of packets that are equally late
        late: list[tuple[float, int, Packet]] = []
        while True:
            wait = max(0.0, late[0][0] - time.monotonic()) if late else None
            for ready in select.select(tuns, [], [], wait)[0]:
                packet = Packet(1 - tuns.index(ready), os.read(ready, _LARGEST))
                leaving = list(handle(packet)) if packet.is_tcp else [packet]
                for one in leaving:
                    heapq.heappush(late, (time.monotonic() + one.after, next(order), one))
                if packet.is_tcp:
                    os.write(log, f"{packet.to},{packet.flags},{bool(leaving)}\n".encode())
            while late and late[0][0] <= time.monotonic():
                packet = heapq.heappop(late)[2]
                with suppress(OSError):  # EIO: that end is not up yet
                    os.write(tuns[packet.to], packet.data)

    return script


def _tun(namespace: int, name: str) -> int:
    with namespaces.inside(namespace):
        descriptor = os.open("/dev/net/tun", os.O_RDWR | os.O_CLOEXEC)
        fcntl.ioctl(descriptor, _TUNSETIFF, struct.pack("16sH22x", name.encode(), _IFF_TUN_NO_PI))
    return descriptor
