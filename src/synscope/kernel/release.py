"""Which kernel this is, and on which machine."""

import os
from typing import NamedTuple


class Release(NamedTuple):
    """`kernel`: `uname -r`; `machine`: `uname -m`; `hostname`: `uname -n`."""

    kernel: str
    machine: str
    hostname: str


def release() -> Release:
    """Of the running kernel, as the caller's UTS namespace names the host."""
    names = os.uname()
    return Release(names.release, names.machine, names.nodename)
