"""What a scenario needs beside root: asked of the kernel and of PATH, never of a version."""

import os
import subprocess
from collections.abc import Callable
from contextlib import suppress
from functools import cache
from pathlib import Path
from shutil import which

from synscope.lab.stage import namespaces


def missing(needs: tuple[str, ...]) -> str | None:
    """Why a scenario with these needs cannot be played here; None where it can."""
    return _root() or missing_in_guest(needs) or lacking(needs)


def missing_in_guest(needs: tuple[str, ...]) -> str | None:
    """Why not even in the lab's guests, which take their programs from this host."""
    for need in ("ip", *needs):
        program, package = _TOOLS.get(need, ("", ""))
        if program and not which(program):
            return f"there is no {program}: sudo apt-get install {package}"
    return None


def lacking(needs: tuple[str, ...]) -> str | None:
    """What of it this machine's kernel lacks and the lab's have; None too where only root could ask."""
    checks = (_KERNEL[need] for need in needs if need in _KERNEL)
    return next((why for check in checks if (why := check())), None)


def _root() -> str | None:
    """Whether this process may make a network namespace: asked of one that ends at once."""
    child = os.fork()
    if child == 0:
        with suppress(OSError):
            namespaces.unshare()
            os._exit(0)
        os._exit(1)
    _, status = os.waitpid(child, 0)
    return "it needs root, to make network namespaces" if status else None


def _nft() -> str | None:
    return _refused("this kernel has no nftables", "nft", "list", "ruleset")


def _netem() -> str | None:
    return _refused("this kernel has no netem", "tc", "qdisc", "add", "dev", "lo", "root", "netem")


def _tun() -> str | None:
    return None if Path("/dev/net/tun").exists() else "this kernel has no TUN device: /dev/net/tun"


def _ipv6() -> str | None:
    return None if Path("/proc/net/if_inet6").exists() else "this kernel has no IPv6"


def _machine() -> str | None:
    return "it sets what all of a machine shares: it needs one of its own"


@cache
def _refused(what: str, *argv: str) -> str | None:
    """`what`, and what the command said, where it fails in a namespace of its own.

    Without root, or without the command, that is not known, and is no reason: they are asked for apart.
    """
    with suppress(PermissionError, FileNotFoundError):
        namespace = namespaces.new()
        try:
            with namespaces.inside(namespace):
                done = subprocess.run(argv, capture_output=True, text=True, check=False)
        finally:
            os.close(namespace)
        return f"{what}: {done.stderr.strip()}" if done.returncode else None
    return None


_TOOLS = {
    "ip": ("ip", "iproute2"),
    "ss": ("ss", "iproute2"),
    "nft": ("nft", "nftables"),
    "netem": ("tc", "iproute2"),
}
_KERNEL: dict[str, Callable[[], str | None]] = {
    "nft": _nft,
    "netem": _netem,
    "tun": _tun,
    "ipv6": _ipv6,
    "machine": _machine,
}
NEEDS = tuple(dict.fromkeys((*_TOOLS, *_KERNEL)))
"""What a scenario may name in its constant NEEDS."""
