"""Writes the archive that a kernel unpacks as its first file system: cpio in the newc format.

Format: Documentation/driver-api/early-userspace/buffer-format.rst.
"""

import stat
from collections.abc import Iterable
from itertools import count
from typing import BinaryIO, NamedTuple

_TRAILER = "TRAILER!!!"


class Entry(NamedTuple):
    """A directory, file or symbolic link; `name` without a leading slash, `mode` as in `stat`.

    `content`: of a file, or where a link points; empty for a directory.
    """

    name: str
    mode: int
    content: bytes = b""


def directory(name: str) -> Entry:
    return Entry(name, stat.S_IFDIR | 0o755)


def file(name: str, content: bytes, executable: bool = False) -> Entry:
    return Entry(name, stat.S_IFREG | (0o755 if executable else 0o644), content)


def link(name: str, target: str) -> Entry:
    return Entry(name, stat.S_IFLNK | 0o777, target.encode())


def write(stream: BinaryIO, entries: Iterable[Entry]) -> None:
    """Write all, owned by root and without times, so that the same entries give the same bytes.

    A directory must come before what is in it.
    """
    for number, entry in zip(count(1), entries, strict=False):
        _write(stream, number, entry)
    _write(stream, 0, Entry(_TRAILER, 0))


def _write(stream: BinaryIO, number: int, entry: Entry) -> None:
    name = entry.name.encode() + b"\0"
    fields = (number, entry.mode, 0, 0, 1, 0, len(entry.content), 0, 0, 0, 0, len(name), 0)
    head = b"070701" + b"".join(b"%08X" % field for field in fields) + name
    stream.write(head + _padding(len(head)))
    stream.write(entry.content)
    stream.write(_padding(len(entry.content)))


def _padding(size: int) -> bytes:
    return bytes(-size % 4)
