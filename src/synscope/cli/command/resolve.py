"""Which file a command's name means: `execvp(3)`'s search, with a shell's words for a failure."""

import errno
import os
from pathlib import Path

from synscope.errors import Exit, SynscopeError


def resolve(name: str) -> str:
    """The path to execute for `name`.

    Raises:
        SynscopeError: NOT_FOUND (127) or NOT_EXECUTABLE (126), as a shell has it.
    """
    if os.sep in name:
        return _checked(name, name)
    denied = None
    for directory in os.get_exec_path():
        candidate = str(Path(directory, name))
        number = _refusal(candidate)
        if not number:
            return candidate
        if number == errno.EACCES:
            denied = candidate  # as execvp(3): go on, a later directory may have it
    if denied:
        raise not_executable(name, denied, errno.EACCES)
    raise not_found(name)


def _checked(name: str, path: str) -> str:
    number = _refusal(path)
    if number in (errno.ENOENT, errno.ENOTDIR):
        raise not_found(name)
    if number:
        raise not_executable(name, path, number)
    return path


def _refusal(path: str) -> int:
    """The errno with which an execve of `path` would fail, as far as can be told; 0: none."""
    try:
        Path(path).stat()
    except OSError as error:
        return error.errno or errno.ENOENT
    if Path(path).is_dir() or not os.access(path, os.X_OK):
        return errno.EACCES
    return 0


def not_found(name: str) -> SynscopeError:
    where = "there is no such file" if os.sep in name else "no directory of PATH has it"
    return SynscopeError(
        f"cannot run {name!r}", f"{os.strerror(errno.ENOENT)} ({where})", f"command -v {name}", Exit.NOT_FOUND
    )


def not_executable(name: str, path: str, number: int) -> SynscopeError:
    remedy = f"chmod +x {path}" if number == errno.EACCES and Path(path).is_file() else f"file {path}"
    return SynscopeError(f"cannot run {name!r}", os.strerror(number), remedy, Exit.NOT_EXECUTABLE)
