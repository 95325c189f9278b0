"""The container, against a decoder that is written from docs/reference/trace-file.md."""

import io
import struct
import zlib

import pytest
import zstandard

from synscope.capture.frames import LARGEST_CONTENT, MAGIC, VERSION, Frame, Kind, encode, frames, prefix


def by_hand(kind: int, payload: bytes, crc: int | None = None) -> bytes:
    start = bytes([kind]) + struct.pack("<I", len(payload))
    return start + struct.pack("<I", zlib.crc32(start + payload) if crc is None else crc) + payload


def read(data: bytes) -> list[Frame]:
    return list(frames(io.BytesIO(data)))


def test_the_bytes_of_a_frame():
    data = encode(Kind.EVENTS, b"x" * 1000)
    kind, length, crc = struct.unpack("<BII", data[:9])
    assert (kind, length) == (3, len(data) - 9)
    assert crc == zlib.crc32(data[:5] + data[9:])
    assert zstandard.ZstdDecompressor().decompress(data[9:]) == b"x" * 1000


def test_the_beginning_of_a_file():
    assert prefix() == MAGIC + struct.pack("<I", VERSION)
    with pytest.raises(UnicodeDecodeError):
        MAGIC.decode()


def test_frames_come_back_in_order():
    data = encode(Kind.HALVES, b"first") + encode(Kind.FOOTER, b"second")
    assert [(f.kind, f.whole, f.content()) for f in read(data)] == [(2, True, b"first"), (4, True, b"second")]


def test_a_file_that_ends_inside_a_frame():
    data = encode(Kind.HALVES, b"first") + encode(Kind.HALVES, b"second")
    first = len(encode(Kind.HALVES, b"first"))
    for length in range(len(data)):
        assert [f.content() for f in read(data[:length])] == ([b"first"] if length >= first else [])


def test_a_damaged_frame_does_not_hide_the_next():
    damaged = bytearray(encode(Kind.HALVES, b"first"))
    damaged[-1] ^= 1
    found = read(bytes(damaged) + encode(Kind.HALVES, b"second"))
    assert [(f.whole, f.content()) for f in found] == [(False, None), (True, b"second")]


def test_kinds_from_the_future_are_passed_on():
    assert [f.kind for f in read(by_hand(77, b"?") + encode(Kind.HALVES, b"x"))] == [77, 2]


@pytest.mark.parametrize("tail", [bytes(1 << 20), b"\xff" * 1000, b"\2\xff\xff\xff\xff" + bytes(1000)])
def test_a_tail_of_rubbish_ends_it(tail):
    found = read(encode(Kind.HALVES, b"x") + tail)
    assert found[0].content() == b"x"
    assert len(found) <= 2
    assert not any(frame.whole for frame in found[1:])


def streamed(content: bytes) -> bytes:
    """A zstd frame that does not declare the size of its content."""
    stream = zstandard.ZstdCompressor().compressobj()
    return stream.compress(content) + stream.flush()


def declaring(size: int, content: bytes) -> bytes:
    """A zstd frame that says `size` (RFC 8878 section 3.1.1.1): a single segment, one raw block."""
    block = (len(content) << 3 | 1).to_bytes(3, "little")
    return b"\x28\xb5\x2f\xfd" + b"\xe0" + struct.pack("<Q", size) + block + content


def test_a_declared_size_that_is_true():
    assert Frame(2, declaring(5, b"hello"), whole=True).content() == b"hello"


@pytest.mark.parametrize(
    "payload",
    [
        b"",
        b"not zstd",
        streamed(b"x" * 1000),
        declaring(0, b""),
        declaring(4, b"hello"),
        declaring(6, b"hello"),
        declaring(LARGEST_CONTENT + 1, b"hello"),
        declaring(1 << 62, b"hello"),
    ],
)
def test_payloads_that_are_refused(payload):
    (frame,) = read(by_hand(2, payload))
    assert frame.whole
    assert frame.content() is None


def test_a_smaller_bound():
    frame = Frame(2, zstandard.compress(bytes(1 << 20)), whole=True)
    assert frame.content((1 << 20) - 1) is None
    assert frame.content(1 << 20) == bytes(1 << 20)
