"""Limits that a process of a stage lays upon itself, and the errno of what then fails."""

import os
import resource
from collections.abc import Callable
from typing import Any

from synscope.tcp.errnos import errno_name


def out_of_descriptors() -> None:
    """Let this process open nothing more: RLIMIT_NOFILE is its lowest free descriptor, getrlimit(2)."""
    free = os.dup(0)
    os.close(free)
    _, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (free, hard))


def errno_of(call: Callable[..., object], *arguments: Any) -> str | None:
    """The name of the errno that a call fails with; None where it does not fail."""
    try:
        call(*arguments)
    except OSError as error:
        return errno_name(error.errno or 0)
    return None
