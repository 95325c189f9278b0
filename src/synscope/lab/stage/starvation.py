"""A process in a memory cgroup without memory: the next socket that it makes is one too many.

Only on a machine of one's own: a limit is laid on the cgroup of the stage.
"""

import ctypes
import os
import resource
import socket
import time
from collections.abc import Generator
from pathlib import Path
from typing import Any

from synscope.lab.stage.actors import Script
from synscope.tcp.errnos import errno_name

ROOT = Path("/sys/fs/cgroup")
_ROOM = 64 << 10  # bytes until the limit
_MOST = 10
_DESCRIPTORS = 4096
_GRACE_S = 0.1  # inodes are freed when RCU's readers have gone

_libc = ctypes.CDLL(None, use_errno=True)


def starving(cgroup: Path) -> Script:
    """The script of a process in `cgroup`: reports when it is ready, then the name of socket()'s errno.

    Whoever runs it must lift the limit after a while: the process itself may have no memory left to do so.
    """

    def script() -> Generator[Any, Any, None]:
        Path("/proc/self/oom_score_adj").write_text("-1000")  # else it is killed, and no call fails
        resource.setrlimit(resource.RLIMIT_NOFILE, (_DESCRIPTORS, _DESCRIPTORS))
        os.dup2(0, _DESCRIPTORS - 1)  # the table of descriptors need not grow any more
        limit = os.open(cgroup / "memory.max", os.O_WRONLY)
        spares = [_libc.socket(socket.AF_UNIX, socket.SOCK_DGRAM, 0) for _ in range(_MOST)]
        yield None
        used = int((cgroup / "memory.current").read_text())
        os.write(limit, b"%d" % (used + _ROOM))
        failed = any(_one_too_many(spare) for spare in spares)
        number = ctypes.get_errno()
        yield errno_name(number) if failed else None

    return script


def _one_too_many(spare: int) -> bool:
    """Whether socket() failed, for want of 2.4 KiB for the TCP socket, not of 0.8 KiB for its inode.

    That would be ENFILE (sock_alloc in net/socket.c). The room is filled with the smallest files that there
    are; then a UNIX socket makes way, of whose 2.3 KiB the inode gets its part and the TCP socket too little.
    """
    while _libc.eventfd(0, 0) >= 0:
        pass
    _libc.close(spare)
    time.sleep(_GRACE_S)
    return bool(_libc.socket(socket.AF_INET, socket.SOCK_STREAM, 0) < 0)
