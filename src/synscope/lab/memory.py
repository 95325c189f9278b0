"""Files in memory that a child process opens by the name of a descriptor it inherits (memfd_create(2))."""

import errno
import os
from collections.abc import Iterator
from pathlib import Path
from types import TracebackType
from typing import Self

_PIECE = 1 << 16
_ZEROS = bytes(_PIECE)


class MemoryFile:
    """A file without a place in any directory: gone with the last process that holds it.

    Attributes:
        descriptor: to be passed on to the child, in which `path` names the file as it does here.
    """

    def __init__(self, name: str, size: int = 0) -> None:
        self.descriptor = os.memfd_create(name, 0)
        os.truncate(self.descriptor, size)

    @property
    def path(self) -> Path:
        return Path(f"/proc/self/fd/{self.descriptor}")

    def read(self, size: int, offset: int = 0) -> bytes:
        """`size` bytes; fewer at the end of the file."""
        return os.pread(self.descriptor, size, offset)

    def write(self, content: bytes, offset: int = 0) -> None:
        os.pwrite(self.descriptor, content, offset)

    def copy_to(self, path: Path) -> None:
        """To a new file, with holes where there are only zeros."""
        with path.open("xb") as file:
            file.truncate(self.size())
            for start in self._pieces():
                piece = self.read(_PIECE, start)
                if not _ZEROS.startswith(piece):
                    os.pwrite(file.fileno(), piece, start)

    def _pieces(self) -> Iterator[int]:
        """Where pieces begin that something was written to (lseek(2), SEEK_DATA)."""
        end = 0
        while True:
            try:
                start = os.lseek(self.descriptor, end, os.SEEK_DATA)
            except OSError as error:
                if error.errno == errno.ENXIO:  # nothing more
                    return
                raise
            end = os.lseek(self.descriptor, start, os.SEEK_HOLE)
            yield from range(start, end, _PIECE)

    def size(self) -> int:
        return os.fstat(self.descriptor).st_size

    def text(self) -> str:
        """All of it, as far as it is text."""
        return self.path.read_bytes().decode("utf-8", "replace")

    def close(self) -> None:
        os.close(self.descriptor)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()
