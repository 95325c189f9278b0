"""What a scenario needs beside root: asked of the kernel and of PATH, never of a version."""

import os
import subprocess
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from shutil import which

from synscope.lab.stage import namespaces


def missing(needs: tuple[str, ...]) -> str | None:
    """Why a scenario with these needs cannot be played here; None where it can."""
    for need in ("root", "ip", *needs):
        why = _NEEDS[need]()
        if why is not None:
            return why
    return None


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


def _tool(name: str, package: str) -> str | None:
    return None if which(name) else f"there is no {name}: sudo apt-get install {package}"


def _ip() -> str | None:
    return _tool("ip", "iproute2")


def _ss() -> str | None:
    return _tool("ss", "iproute2")


def _nft() -> str | None:
    return _tool("nft", "nftables") or _refused("this kernel has no nftables", "nft", "list", "ruleset")


def _tun() -> str | None:
    return None if Path("/dev/net/tun").exists() else "this kernel has no TUN device: /dev/net/tun"


def _ipv6() -> str | None:
    return None if Path("/proc/net/if_inet6").exists() else "this kernel has no IPv6"


def _refused(what: str, *argv: str) -> str | None:
    """`what`, and what the command said, where it fails in a namespace of its own."""
    namespace = namespaces.new()
    try:
        with namespaces.inside(namespace):
            done = subprocess.run(argv, capture_output=True, text=True, check=False)
    finally:
        os.close(namespace)
    return f"{what}: {done.stderr.strip()}" if done.returncode else None


_NEEDS: dict[str, Callable[[], str | None]] = {
    "root": _root,
    "ip": _ip,
    "ss": _ss,
    "nft": _nft,
    "tun": _tun,
    "ipv6": _ipv6,
}
NEEDS = tuple(name for name in _NEEDS if name not in ("root", "ip"))
"""What a scenario may name in its constant NEEDS."""
