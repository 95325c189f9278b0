"""Network namespaces: what a user may call one, and the number by which the kernel knows it."""

import fcntl
import os
import re
from pathlib import Path

from synscope.errors import Exit, SynscopeError

NAMED = Path("/run/netns")
"""Where `ip netns add` keeps its names."""
PROC = Path("/proc")

_PID_LIMIT = 1 << 22  # PID_MAX_LIMIT, include/linux/threads.h; every namespace's inum is far above it
_INUM_LIMIT = 1 << 32
_NS_GET_NSTYPE = 0xB703  # include/uapi/linux/nsfs.h
_CLONE_NEWNET = 0x40000000
_LINK = re.compile(r"net:\[([0-9]+)\]")  # what readlink /proc/PID/ns/net prints


def own() -> int:
    """The caller's: `struct net`'s `ns.inum`, which is the inode number of /proc/self/ns/net."""
    return (PROC / "self/ns/net").stat().st_ino


def resolve(text: str, named: Path = NAMED, proc: Path = PROC) -> int:
    """The inum of the network namespace that a user calls `text`.

    Tried in this order: a path (it has a `/`), a name of `ip netns`, `net:[4026531840]`, a number: of a
    process up to 4194304, of a namespace above.

    Raises:
        SynscopeError: there is none of that name (`USAGE`), or it may not be looked at (`NOT_PERMITTED`).
    """
    if "/" in text:
        return _inum(Path(text), text)
    if text not in ("", ".", "..") and (named / text).exists():
        return _inum(named / text, text)
    link = _LINK.fullmatch(text)
    digits = link[1] if link else text
    if not re.fullmatch("[0-9]{1,10}", digits):
        why = f"there is no such name in {named}, and it is neither a process nor a path"
        raise _no_namespace(text, why, "ip netns list")
    return _numbered(int(digits), text, proc)


def _numbered(number: int, text: str, proc: Path) -> int:
    if _PID_LIMIT < number < _INUM_LIMIT:
        return number
    if not (proc / str(number)).exists():
        raise _no_namespace(text, f"there is no process {number}", "lsns --type net")
    return _inum(proc / str(number) / "ns/net", text)


def _inum(path: Path, text: str) -> int:
    try:
        status = path.stat()
        if status.st_dev != (PROC / "self/ns/net").stat().st_dev or not _is_net(path):
            raise _no_namespace(text, f"{path} is not a network namespace", "lsns --type net")
    except PermissionError as error:
        raise SynscopeError(
            f"cannot look at the network namespace {text!r}",
            f"{path}: {error.strerror}",
            "run synscope as root with CAP_SYS_PTRACE",
            Exit.NOT_PERMITTED,
        ) from error
    except (OSError, ValueError) as error:
        raise _no_namespace(
            text, f"{path}: {getattr(error, 'strerror', error)}", "lsns --type net"
        ) from error
    return status.st_ino


def _is_net(path: Path) -> bool:
    """All kinds of namespace share one file system; the kernel tells which kind a file is."""
    descriptor = os.open(path, os.O_RDONLY | os.O_CLOEXEC)
    try:
        return fcntl.ioctl(descriptor, _NS_GET_NSTYPE) == _CLONE_NEWNET
    finally:
        os.close(descriptor)


def _no_namespace(text: str, why: str, remedy: str) -> SynscopeError:
    return SynscopeError(f"no network namespace {text!r}", why, remedy, Exit.USAGE)
