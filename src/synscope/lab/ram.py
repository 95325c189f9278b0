"""A guest's memory, by the addresses that its kernel uses."""

import os

TEXT = 0xFFFFFFFF80000000
"""`__START_KERNEL_map`: the kernel's image, which without KASLR lies there as far up as in the memory
(Documentation/arch/x86/x86_64/mm.rst)."""
_IMAGE = 1 << 30  # bytes: KERNEL_IMAGE_SIZE


class Ram:
    """The file of a machine's memory that lies in one piece: `descriptor` stays the caller's."""

    def __init__(self, descriptor: int) -> None:
        self._descriptor = descriptor

    def read(self, address: int, size: int) -> bytes:
        """Of the kernel's image, its text and its own data; b"" elsewhere."""
        place = address - TEXT
        return os.pread(self._descriptor, size, place) if 0 <= place < _IMAGE else b""
