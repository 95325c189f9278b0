"""Where the lab keeps kernels and snapshots; what is there is complete."""

import errno
import glob
import os
import shutil
import tempfile
import time
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path

from synscope.errors import SynscopeError

KEY = 16
"""Hexadecimal digits at the end of a snapshot's name."""

_NEW = ".new-"
_ABANDONED_S = 3600


def root() -> Path:
    """`$XDG_CACHE_HOME/synscope/lab`, by default below ~/.cache."""
    base = os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache"
    return Path(base) / "synscope" / "lab"


@contextmanager
def new_directory(path: Path) -> Iterator[Path]:
    """A directory to fill, which becomes `path` when the block ends well, and is removed when it does not.

    Where another process was faster, its `path` stays.

    Raises:
        SynscopeError: it cannot be made or filled.
    """
    work = None
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        _sweep(path.parent)
        work = Path(tempfile.mkdtemp(prefix=_NEW, dir=path.parent))
        yield work
        _put(work, path)
    except OSError as error:
        reason = os.strerror(error.errno or errno.EIO)
        remedy = "XDG_CACHE_HOME=DIR, with DIR where there is room" if error.errno == errno.ENOSPC else ""
        raise SynscopeError(f"cannot write {path}", reason, remedy) from error
    finally:
        if work is not None:
            shutil.rmtree(work, ignore_errors=True)


def _sweep(parent: Path) -> None:
    """Remove what processes that were killed have left half done in `parent`."""
    for path in parent.glob(f"{_NEW}*"):
        if time.time() - path.stat().st_mtime > _ABANDONED_S:
            shutil.rmtree(path, ignore_errors=True)


def _put(work: Path, path: Path) -> None:
    work.chmod(0o755)
    try:
        work.rename(path)
    except OSError as error:
        if error.errno not in (errno.ENOTEMPTY, errno.EEXIST):
            raise


def prune(directories: Iterable[Path], kept: int) -> None:
    """Remove all but the `kept` that were used last."""
    by_use = sorted(directories, key=lambda path: path.stat().st_mtime, reverse=True)
    for directory in by_use[kept:]:
        shutil.rmtree(directory, ignore_errors=True)


def stage_of(release: str) -> str:
    """What the snapshots of a kernel that plays scenarios are called, as the others are by their release."""
    return f"{release}-stage"


def snapshots(release: str) -> list[Path]:
    """The directories with snapshots of a kernel."""
    return sorted((root() / "snapshots").glob(f"{glob.escape(release)}-{'[0-9a-f]' * KEY}"))
