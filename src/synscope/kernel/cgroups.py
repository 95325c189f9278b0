"""Control groups (version 2): where they are mounted, and the number by which the kernel knows each."""

import os
import re
from collections.abc import Iterator
from pathlib import Path

from synscope.errors import Exit, SynscopeError

PROC = Path("/proc")


def mount(mountinfo: Path = PROC / "self/mountinfo") -> Path:
    """Where cgroup v2 is mounted: /sys/fs/cgroup on most hosts, /sys/fs/cgroup/unified beside version 1.

    A mount of the whole hierarchy is preferred to one of a part of it.

    Raises:
        SynscopeError: it is not mounted.
    """
    mounts = sorted(
        _mounts(mountinfo.read_text("utf-8", "surrogateescape")), key=lambda found: found[0] != "/"
    )
    if not mounts:
        remedy = "mount -t cgroup2 none /sys/fs/cgroup"
        raise SynscopeError("no cgroup v2", f"{mountinfo} lists no cgroup2", remedy, Exit.NOT_PERMITTED)
    return Path(mounts[0][1])


def _mounts(mountinfo: str) -> Iterator[tuple[str, str]]:
    """(root within the file system, mount point) of each cgroup2 mount; proc_pid_mountinfo(5)."""
    for line in mountinfo.splitlines():
        before, _, after = line.partition(" - ")
        if after.startswith("cgroup2 "):
            root, point = before.split(" ")[3:5]
            yield _unescaped(root), _unescaped(point)


def _unescaped(text: str) -> str:
    r"""Space, tab, newline and backslash are octal in mountinfo: `\040`."""
    return re.sub(r"\\([0-7]{3})", lambda found: chr(int(found[1], 8)), text)


def path_of(pid: int | str = "self", proc: Path = PROC) -> str:
    """The cgroup of a process as the kernel writes it (`/user.slice/…`): the `0::` line of its cgroup file.

    Raises:
        SynscopeError: there is no such process, or version 2 is off.
    """
    path = proc / str(pid) / "cgroup"
    try:
        lines = path.read_text("utf-8", "surrogateescape").split("\n")
    except OSError as error:
        raise SynscopeError(f"no cgroup of process {pid}", f"{path}: {error.strerror}") from error
    found = [line[3:] for line in lines if line.startswith("0::")]
    if not found:
        raise SynscopeError(f"no cgroup of process {pid}", f"{path} has no line of cgroup v2")
    return found[0]


def own(root: Path | None = None) -> Path:
    """The directory of the caller's own cgroup under `root`, which is `mount()` where not given."""
    return (root or mount()) / path_of().lstrip("/")


def cgroup_id(directory: Path) -> int:
    """What `bpf_get_current_cgroup_id` returns for it: the inode number. Raises OSError where it is gone."""
    return directory.stat().st_ino


def level(directory: Path, root: Path) -> int:
    """Depth below `root`, whose own is 0. In a cgroup namespace `root` is that of the namespace."""
    return len(directory.resolve().relative_to(root.resolve()).parts)


def resolve(text: str, root: Path | None = None) -> Path:
    """The directory of the cgroup that a user calls `text`: a path under the mount, or relative to its root.

    `/system.slice/nginx.service`, as /proc/PID/cgroup writes it, is relative to the root as well.

    Raises:
        SynscopeError: there is no such cgroup, or the path leads out of the hierarchy.
    """
    base = (root or mount()).resolve()
    try:
        candidates = [Path(text).resolve(), (base / text.lstrip("/")).resolve()]
        inside = [path for path in candidates if path.is_relative_to(base) and path.is_dir()]
    except (OSError, ValueError) as error:
        raise _no_cgroup(text, str(error)) from error
    if not inside:
        raise _no_cgroup(text, f"there is no such directory under {base}")
    return inside[0]


def _no_cgroup(text: str, why: str) -> SynscopeError:
    return SynscopeError(f"no cgroup {text!r}", why, "systemd-cgls", Exit.USAGE)


def names(root: Path | None = None) -> dict[int, str]:
    """Id to path (`/` for the root, `/user.slice/…`) of every cgroup that exists now, in one walk."""
    base = root or mount()
    return {cgroup_id(base): "/", **dict(_below(str(base), ""))}


def name(wanted: int, root: Path | None = None) -> str | None:
    """The path of the cgroup with that id, or None where it exists no more."""
    return names(root).get(wanted)


def _below(directory: str, prefix: str) -> Iterator[tuple[int, str]]:
    try:
        entries = [entry for entry in os.scandir(directory) if entry.is_dir(follow_symlinks=False)]
    except OSError:
        return  # removed meanwhile
    for entry in entries:
        path = f"{prefix}/{entry.name}"
        yield entry.inode(), path
        yield from _below(entry.path, path)
