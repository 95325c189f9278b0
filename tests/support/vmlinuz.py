"""The type information of a kernel that is not running, out of its compressed image."""

import lzma
import struct
from collections.abc import Callable
from pathlib import Path

import zstandard

from synscope.kernel.btf import Btf
from synscope.kernel.elf import section

_PAYLOAD = struct.Struct("<584xII")  # payload_offset and payload_length, Documentation/arch/x86/boot.rst
_SETUP_SECTORS = 0x1F1


def btf_of(vmlinuz: Path) -> Btf:
    """Of an x86 bzImage that is compressed with xz or zstd, as Debian's are."""
    blob = section(_vmlinux(vmlinuz.read_bytes()), ".BTF")
    assert blob is not None, f"{vmlinuz} has no .BTF"
    return Btf(blob)


def _vmlinux(image: bytes) -> bytes:
    offset, length = _PAYLOAD.unpack_from(image)
    start = (image[_SETUP_SECTORS] + 1) * 512 + offset
    payload = image[start : start + length]
    for magic, unpack in _UNPACK.items():
        if payload.startswith(magic):
            return unpack(payload)
    raise ValueError(f"compressed in an unknown way: {payload[:6].hex()}")


_UNPACK: dict[bytes, Callable[[bytes], bytes]] = {
    b"\xfd7zXZ\0": lambda payload: lzma.LZMADecompressor().decompress(payload),
    b"\x28\xb5\x2f\xfd": lambda payload: zstandard.ZstdDecompressor().decompressobj().decompress(payload),
}
