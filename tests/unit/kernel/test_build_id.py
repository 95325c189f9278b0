import struct

import pytest

from support.require import require
from synscope.kernel.build_id import NOTES, build_id


def note(name: bytes, kind: int, content: bytes) -> bytes:
    pad = lambda data: data + bytes(-len(data) % 4)  # noqa: E731
    return struct.pack("<III", len(name), len(content), kind) + pad(name) + pad(content)


def test_finds_the_build_id_among_other_notes(tmp_path):
    notes = note(b"Xen\0", 3, b"no") + note(b"Linux\0", 1, b"6.18") + note(b"GNU\0", 3, bytes(range(20)))
    (tmp_path / "notes").write_bytes(notes)
    assert build_id(tmp_path / "notes") == bytes(range(20)).hex()


@pytest.mark.parametrize("content", [b"", b"\x04", note(b"GNU\0", 1, b"abcd"), b"\xff" * 40])
def test_without_one(tmp_path, content):
    (tmp_path / "notes").write_bytes(content)
    assert build_id(tmp_path / "notes") == ""


def test_without_a_file(tmp_path):
    assert build_id(tmp_path / "notes") == ""


@pytest.mark.needs_kernel
def test_this_kernels():
    require(NOTES.exists(), "not on this kernel: /sys/kernel/notes")
    found = build_id()
    # A SHA-1 unless the linker was told otherwise; and it stands in the notes as it is.
    assert len(found) in (32, 40)
    assert bytes.fromhex(found) in NOTES.read_bytes()
