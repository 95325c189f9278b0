"""The kernel's build id: it names the one binary that a trace's addresses and stacks belong to."""

import struct
from collections.abc import Iterator
from pathlib import Path

NOTES = Path("/sys/kernel/notes")

_NOTE = struct.Struct("<III")  # Elf64_Nhdr: n_namesz, n_descsz, n_type
_NT_GNU_BUILD_ID = 3  # include/uapi/linux/elf.h


def build_id(path: Path = NOTES) -> str:
    """The GNU build id of the running kernel in hex; "" where there is none or it cannot be read."""
    try:
        blob = path.read_bytes()
    except OSError:
        return ""
    return next((desc.hex() for name, kind, desc in _notes(blob) if (name, kind) == _WANTED), "")


_WANTED = (b"GNU\0", _NT_GNU_BUILD_ID)


def _notes(blob: bytes) -> Iterator[tuple[bytes, int, bytes]]:
    """(name, type, descriptor) of each ELF note; name and descriptor are padded to 4 bytes each."""
    at = 0
    while at + _NOTE.size <= len(blob):
        name_size, desc_size, kind = _NOTE.unpack_from(blob, at)
        name_at = at + _NOTE.size
        desc_at = name_at + _padded(name_size)
        yield blob[name_at : name_at + name_size], kind, blob[desc_at : desc_at + desc_size]
        at = desc_at + _padded(desc_size)


def _padded(size: int) -> int:
    return (size + 3) & ~3
