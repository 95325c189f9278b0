"""One look at the kernel's sockets: find, decode, name."""

import time
from collections.abc import Callable, Collection, Mapping

from synscope.errors import SynscopeError
from synscope.events.socket_wire import EVERY_FD
from synscope.kernel import cgroups
from synscope.kernel.btf import Btf
from synscope.kernel.symbols import Symbols
from synscope.live.inside.decode import Decoder
from synscope.live.inside.find import Sockets, of_ports, of_process
from synscope.live.inside.tables import TableReader
from synscope.probes.inspect import SocketIterators
from synscope.probes.text import KernelMemory
from synscope.tcp.inside import InsideSocket

_COARSE = 6  # CLOCK_MONOTONIC_COARSE: its resolution is the kernel's tick (kernel/time/posix-timers.c)


def process(pid: int, fd: int | None = None) -> list[InsideSocket]:
    """The sockets that the process has open, of any family, and who waits at its listeners.

    Raises:
        SynscopeError: the kernel refuses the iterators, or a namespace cannot be entered.
    """
    return _look(lambda sockets: of_process(sockets, pid, EVERY_FD if fd is None else fd))


def ports(netns: int, wanted: Collection[int]) -> list[InsideSocket]:
    """The TCP sockets of a network namespace with one of these ports, local or remote. Raises likewise."""
    return _look(lambda sockets: of_ports(sockets, netns, wanted))


def _look(find: Callable[[SocketIterators], Sockets]) -> list[InsideSocket]:
    btf = Btf.kernel()
    with SocketIterators() as sockets:
        found = find(sockets)
    with KernelMemory() as memory:
        reader = TableReader(memory.read, btf, Symbols.read())
        return Decoder(btf, reader, _cgroups(), _tick_ms()).all(found) if found else []


def _tick_ms() -> float:
    return time.clock_getres(_COARSE) * 1000


def _cgroups() -> Mapping[int, str]:
    """Paths by number; none where version 2 is not mounted."""
    try:
        return cgroups.names()
    except SynscopeError:
        return {}
