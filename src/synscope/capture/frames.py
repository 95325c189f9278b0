"""The container of a trace file: a magic, a version, and frames that each stand for themselves.

A frame is kind (1 byte), length of the payload (4), CRC-32 of kind, length and payload (4), and the payload:
one zstd frame that declares its content's size. Integers are little-endian. Each frame is written by one
append, so that after a crash everything up to the last whole frame is readable.
"""

import struct
import zlib
from collections.abc import Iterator
from enum import IntEnum
from typing import BinaryIO, NamedTuple

import zstandard

MAGIC = b"\x89SYN\r\n\x1a\n"
"""Not text, and broken by whatever converts line ends, as PNG's."""
VERSION = 1
PREFIX = struct.Struct("<8sI")

LARGEST_CONTENT = 256 << 20
"""Bytes that one frame may decompress to: a reader allocates no more for it."""
_LARGEST_PAYLOAD = LARGEST_CONTENT + (2 << 20)  # what does not compress grows by 1/256 (ZSTD_COMPRESSBOUND)

_LEVEL = 1  # on rows as small as the default of 3, and nearly twice as fast

_FRAME = struct.Struct("<BII")
_CHECKED = struct.Struct("<BI")


class Kind(IntEnum):
    """What a frame holds. A reader passes over whole frames of a kind that it does not know."""

    HEADER = 1
    HALVES = 2
    EVENTS = 3
    FOOTER = 4
    CALLS = 5


class Frame(NamedTuple):
    """One frame as read. `whole`: its checksum is right."""

    kind: int
    payload: bytes
    whole: bool

    def size(self) -> int:
        """Bytes that the payload declares to hold; 0 where it is damaged or declares none."""
        try:
            return max(0, zstandard.frame_content_size(self.payload)) if self.whole else 0
        except zstandard.ZstdError:
            return 0

    def content(self, largest: int = LARGEST_CONTENT) -> bytes | None:
        """The payload decompressed; None where it is damaged, empty, or longer than `largest` bytes."""
        if not 0 < self.size() <= largest:
            return None
        try:
            return zstandard.ZstdDecompressor().decompress(self.payload)
        except zstandard.ZstdError:  # also where it holds less or more than it declares
            return None


def prefix() -> bytes:
    """The first bytes of a file of this version."""
    return PREFIX.pack(MAGIC, VERSION)


def encode(kind: Kind, content: bytes) -> bytes:
    """The bytes of one frame. `content`: 1 to `LARGEST_CONTENT` bytes."""
    payload = zstandard.ZstdCompressor(level=_LEVEL).compress(content)
    return _FRAME.pack(kind, len(payload), _checksum(kind, payload)) + payload


def frames(file: BinaryIO) -> Iterator[Frame]:
    """Frames from `file`'s position on, in order, up to the last that is there to its end.

    A frame whose checksum is wrong comes as one that is not `whole`, and the next is looked for where it
    should end: a flipped bit costs one frame.
    """
    while len(head := file.read(_FRAME.size)) == _FRAME.size:
        kind, length, checksum = _FRAME.unpack(head)
        payload = file.read(length) if length <= _LARGEST_PAYLOAD else b""
        if len(payload) < length:
            return
        whole = _checksum(kind, payload) == checksum
        yield Frame(kind, payload, whole)
        if not whole and kind not in tuple(Kind):
            return  # its length is no better than its kind: a tail of zeros, say


def _checksum(kind: int, payload: bytes) -> int:
    return zlib.crc32(payload, zlib.crc32(_CHECKED.pack(kind, len(payload))))
