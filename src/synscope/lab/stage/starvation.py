"""A process in a memory cgroup without memory: the next socket that it makes is one too many.

Only on a machine of one's own: a limit is laid on the cgroup of the stage.
"""

import ctypes
import os
import time
from collections.abc import Generator
from pathlib import Path
from typing import Any

from synscope.lab.stage.actors import Script
from synscope.tcp.errnos import errno_name

ROOT = Path("/sys/fs/cgroup")
_ROOM = 256 << 10  # bytes until the limit
_MOST = 500  # sockets of 3.7 KiB: more than fit into that
_BALLAST = 100
_GRACE_S = 0.02  # files are freed when RCU's readers have gone

_libc = ctypes.CDLL(None, use_errno=True)


def starving(cgroup: Path) -> Script:
    """The script of a process in `cgroup`: reports when it is ready, then the name of socket()'s errno."""

    def script() -> Generator[Any, Any, None]:
        Path("/proc/self/oom_score_adj").write_text("-1000")  # else it is killed, and no call fails
        limit = os.open(cgroup / "memory.max", os.O_WRONLY)
        ballast = [_libc.eventfd(0, 0) for _ in range(_BALLAST)]
        yield None
        used = int((cgroup / "memory.current").read_text())
        os.write(limit, b"%d" % (used + _ROOM))
        failed = any(_one_too_many(ballast) for _ in range(_MOST))
        number = ctypes.get_errno()
        os.write(limit, b"max")
        yield errno_name(number) if failed else None

    return script


def _one_too_many(ballast: list[int]) -> bool:
    """Whether socket() failed, for want of 2.4 KiB for the TCP socket, not of 0.8 KiB for its inode.

    That would be ENFILE (sock_alloc in net/socket.c). Two files with their dentries are as large: where they
    do not fit, two others are closed.
    """
    files = [_libc.eventfd(0, 0), _libc.eventfd(0, 0)]
    if -1 in files:
        files += ballast.pop(), ballast.pop()
    for descriptor in files:
        _libc.close(descriptor)
    time.sleep(_GRACE_S)
    return bool(_libc.socket(2, 1, 0) < 0)
