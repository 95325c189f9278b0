"""The kernels that the lab can boot: those in the cache, and those that a user names."""

import hashlib
import re
import struct
from pathlib import Path

import msgspec

from synscope.errors import Exit, SynscopeError
from synscope.lab import cache

SERIES = ("6.12", "6.1")
"""Those that Debian 12 has, newest first."""

_NUMBER = re.compile(r"\d+")
_MAGIC = struct.Struct("<514xI")
_HDRS = 0x53726448
_VERSION = struct.Struct("<526xH")  # where the text of `uname -r` and more is, from 0x200 on
_XLOADFLAGS = struct.Struct("<566xH")
_XLF_KERNEL_64 = 1
_SETUP = 1 << 16  # bytes: more than the part before the compressed kernel


class Kernel(msgspec.Struct, frozen=True):
    """A kernel that can be booted; `release` as its `uname -r` will say."""

    release: str
    vmlinuz: Path

    def digest(self) -> str:
        """Of its content."""
        with self.vmlinuz.open("rb") as file:
            return hashlib.file_digest(file, "sha256").hexdigest()


def directory() -> Path:
    """A directory a release, with `vmlinuz` in it."""
    return cache.root() / "kernels"


def cached() -> list[Kernel]:
    """Those in the cache, newest first."""
    found = [Kernel(path.parent.name, path) for path in directory().glob("*/vmlinuz")]
    return sorted(found, key=lambda kernel: order(kernel.release), reverse=True)


def order(release: str) -> list[int]:
    """Sorts releases by their numbers: 6.12.9 before 6.12.10."""
    return [int(number) for number in _NUMBER.findall(release)]


def of_series(series: str) -> Kernel | None:
    """The newest in the cache whose release begins so (`"6.1"` is not `"6.12"`)."""
    begins = re.compile(re.escape(series) + r"(?!\d)")
    return next((kernel for kernel in cached() if begins.match(kernel.release)), None)


def of_file(vmlinuz: Path) -> Kernel:
    """A user's own, used where it is.

    Raises:
        SynscopeError: it is no kernel for x86-64, or cannot be read.
    """
    try:
        with vmlinuz.open("rb") as file:
            return Kernel(release_of(file.read(_SETUP), str(vmlinuz)), vmlinuz)
    except OSError as error:
        raise SynscopeError(f"cannot read {vmlinuz}", error.strerror or str(error), "", Exit.USAGE) from error


def release_of(setup: bytes, name: str) -> str:
    """What the first bytes of a bzImage say its release is (Documentation/arch/x86/boot.rst).

    Raises:
        SynscopeError: it is no bzImage, or not for 64 bits.
    """
    try:
        is_kernel = _MAGIC.unpack_from(setup)[0] == _HDRS
        is_64 = is_kernel and _XLOADFLAGS.unpack_from(setup)[0] & _XLF_KERNEL_64
        text = setup[0x200 + _VERSION.unpack_from(setup)[0] :]
    except struct.error:
        is_kernel = is_64 = False
    if not is_64:
        why = "it is one for another processor" if is_kernel else "it is no bzImage for x86-64"
        remedy = "synscope lab kernels"
        raise SynscopeError(f"cannot boot {name}", why, remedy, Exit.USAGE)
    return text.split(b"\0", 1)[0].split(b" ", 1)[0].decode("ascii", "backslashreplace")
