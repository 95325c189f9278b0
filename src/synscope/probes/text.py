"""`bpf/text.bpf.c`: reads kernel memory, a piece at a time."""

import mmap
from types import TracebackType
from typing import Self

from synscope.probes.libbpf import Object
from synscope.probes.loader import object_path

PIECE = 1 << 16
"""TEXT_BYTES: the most that is read at once."""


class KernelMemory:
    """A context manager; the program is loaded when something is read for the first time."""

    def __init__(self) -> None:
        self._object: Object | None = None

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._object is not None:
            self._object.close()

    def read(self, address: int, size: int) -> bytes:
        """At most `PIECE` bytes; b"" where the kernel has nothing at that address.

        Raises:
            SynscopeError: the kernel refuses the program.
        """
        if self._object is None:
            self._load()
        wanted = min(size, PIECE)
        failed = self._program.run(address.to_bytes(8, "little") + wanted.to_bytes(8, "little"))
        return b"" if failed else self._window[:wanted]

    def _load(self) -> None:
        self._object = Object(object_path("text"))
        self._object.load()
        self._program = next(iter(self._object.programs.values()))
        self._window = mmap.mmap(self._object.maps["text"].fd, PIECE, mmap.MAP_SHARED, mmap.PROT_READ)
