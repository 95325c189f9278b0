"""The bytes of a section of an ELF64 file: as much of ELF as reading an object's BTF needs."""

import struct

from synscope.errors import SynscopeError

_MAGIC = b"\x7fELF\x02\x01"  # ELFCLASS64, ELFDATA2LSB
_HEADER = struct.Struct("<16xHHIQQQIHHHHHH")  # Elf64_Ehdr
_SECTION = struct.Struct("<IIQQQQIIQQ")  # Elf64_Shdr


def section(blob: bytes, name: str) -> bytes | None:
    """Contents of section `name` of a little-endian ELF64 file; None where it has no such section.

    Raises:
        SynscopeError: `blob` is no such file, or it is cut off.
    """
    if not blob.startswith(_MAGIC):
        raise SynscopeError(f"cannot read section {name}", "this is not a little-endian ELF64 file")
    try:
        headers = _section_headers(blob)
        names = _contents(blob, headers[_HEADER.unpack_from(blob)[12]])
    except (struct.error, IndexError) as error:
        raise SynscopeError(f"cannot read section {name}", "the ELF file is cut off") from error
    wanted = name.encode() + b"\0"
    found = (header for header in headers if names.startswith(wanted, header[0]))
    return next((_contents(blob, header) for header in found), None)


def _section_headers(blob: bytes) -> list[tuple[int, ...]]:
    _, _, _, _, _, offset, _, _, _, _, size, count, _ = _HEADER.unpack_from(blob)
    return [_SECTION.unpack_from(blob, offset + i * size) for i in range(count)]


def _contents(blob: bytes, header: tuple[int, ...]) -> bytes:
    offset, size = header[4], header[5]
    return blob[offset : offset + size]
