"""Reads from the running kernel what the model of `socket()` has to know of it (`synscope.tcp.socket_call`).

None of it is learnt by making sockets: the model could not be compared with them otherwise. A reader's own
network namespace counts, as it does for his sockets.
"""

import os
import subprocess
from collections.abc import Mapping
from pathlib import Path

from synscope.errors import Exit, SynscopeError
from synscope.kernel.btf import Btf
from synscope.tcp.socket_decision import Kernel

PROC = Path("/proc")


def kernel(btf: Btf | None = None, proc: Path = PROC) -> Kernel:
    """The kernel as it is now. Raises SynscopeError where it does not show its protocols or its types."""
    maximum = (btf or Btf.kernel()).enumerator("IPPROTO_MAX")
    if maximum is None:
        why = "its BTF has no IPPROTO_MAX"
        raise SynscopeError("cannot read the kernel's protocols", why, "synscope doctor", Exit.NOT_PERMITTED)
    loader = _loader(proc)
    return Kernel(
        protocols=registered(_protocols(proc)),
        ipproto_max=maximum,
        ping_groups=_ping_groups(proc),
        mptcp=_sysctl(proc, "net/mptcp/enabled") != "0",
        can_load=bool(loader),
        modules=modules(_configuration(loader)) if loader else {},
    )


def registered(protocols: str) -> tuple[str, ...]:
    """Names of a /proc/net/protocols, oldest first: `proto_register` puts each before all others."""
    return tuple(line.split()[0] for line in reversed(protocols.splitlines()[1:]) if line.strip())


def modules(configuration: str) -> Mapping[str, tuple[str, ...]]:
    """What each alias `net-pf-…` loads, of `modprobe --showconfig`.

    A blacklisted module has no aliases, and one with an `install` command is not what gets loaded
    (modprobe.d(5)).
    """
    lines = [line.split() for line in configuration.splitlines()]
    barred = {
        _dashed(words[1]) for words in lines if words[:1] in (["blacklist"], ["install"]) and len(words) > 1
    }
    found: dict[str, tuple[str, ...]] = {}
    for words in lines:
        if len(words) == 3 and words[0] == "alias" and _dashed(words[1]).startswith("net-pf-"):
            alias, module = _dashed(words[1]), words[2].replace("-", "_")
            if _dashed(module) not in barred and module != "off":
                found[alias] = (*found.get(alias, ()), module)
    return found


def _dashed(name: str) -> str:
    return name.replace("_", "-")


def _protocols(proc: Path) -> str:
    path = proc / "net/protocols"
    try:
        return path.read_text()
    except OSError as error:
        why = f"{path}: {error.strerror}"
        raise SynscopeError(
            "cannot read the kernel's protocols", why, "mount -t proc proc /proc", Exit.NOT_PERMITTED
        ) from error


def _sysctl(proc: Path, name: str) -> str:
    """Its text; empty where this kernel does not have it."""
    try:
        return (proc / "sys" / name).read_text().strip()
    except OSError:
        return ""


def _ping_groups(proc: Path) -> tuple[int, int]:
    low, high = (_sysctl(proc, "net/ipv4/ping_group_range") or "1 0").split()
    return int(low), int(high)


def _loader(proc: Path) -> str:
    """The program by which the kernel loads modules; empty where it loads none."""
    return "" if _sysctl(proc, "kernel/modules_disabled") == "1" else _sysctl(proc, "kernel/modprobe")


def _configuration(loader: str) -> str:
    """What that program would do, in its own words; empty where it cannot say."""
    if not os.access(loader, os.X_OK):
        return ""
    done = subprocess.run([loader, "--showconfig"], capture_output=True, text=True, timeout=30, check=False)
    return done.stdout
