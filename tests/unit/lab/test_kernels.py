import struct

import pytest

from synscope.errors import SynscopeError
from synscope.lab import kernels


def bz_image(release="6.1.0-56-cloud-amd64", flags=1):
    """The first bytes of a kernel (Documentation/arch/x86/boot.rst): header, and text of its version."""
    content = bytearray(0x1000)
    struct.pack_into("<I", content, 0x202, 0x53726448)
    struct.pack_into("<H", content, 0x20E, 0x400)
    struct.pack_into("<H", content, 0x236, flags)
    text = f"{release} (builder@host) #1 SMP\0".encode()
    content[0x600 : 0x600 + len(text)] = text
    return bytes(content)


@pytest.fixture
def cached(tmp_path, monkeypatch):
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))

    def add(*releases):
        for release in releases:
            directory = kernels.directory() / release
            directory.mkdir(parents=True)
            (directory / "vmlinuz").write_bytes(bz_image(release))

    return add


def test_the_release_is_read_from_the_file(tmp_path):
    (tmp_path / "vmlinuz").write_bytes(bz_image("6.12.1-own"))
    assert kernels.of_file(tmp_path / "vmlinuz").release == "6.12.1-own"


@pytest.mark.parametrize(
    ("content", "why"),
    [
        (b"", "no bzImage for x86-64"),
        (b"\x7fELF" + bytes(5000), "no bzImage for x86-64"),
        (bz_image()[:0x210], "no bzImage for x86-64"),
        (b"MZ" + bytes(54) + b"ARM\x64" + bytes(2000), "no bzImage for x86-64"),
        (bz_image(flags=0), "another processor"),
    ],
)
def test_what_cannot_be_booted_is_said_so(tmp_path, content, why):
    (tmp_path / "file").write_bytes(content)
    with pytest.raises(SynscopeError, match=why):
        kernels.of_file(tmp_path / "file")


def test_a_file_that_cannot_be_read_is_said_so(tmp_path):
    with pytest.raises(SynscopeError, match="cannot read"):
        kernels.of_file(tmp_path)


def test_the_newest_comes_first(cached):
    cached(
        "6.1.0-9-cloud-amd64", "6.12.9+deb12-cloud-amd64", "6.1.0-56-cloud-amd64", "6.12.10+deb12-cloud-amd64"
    )
    assert [kernel.release for kernel in kernels.cached()] == [
        "6.12.10+deb12-cloud-amd64",
        "6.12.9+deb12-cloud-amd64",
        "6.1.0-56-cloud-amd64",
        "6.1.0-9-cloud-amd64",
    ]


def test_a_series_is_no_prefix_of_another(cached):
    cached("6.1.0-56-cloud-amd64", "6.12.117+deb12-cloud-amd64")
    assert kernels.of_series("6.1").release == "6.1.0-56-cloud-amd64"
    assert kernels.of_series("6.12").release == "6.12.117+deb12-cloud-amd64"
    assert kernels.of_series("6.1.0-56-cloud-amd64").release == "6.1.0-56-cloud-amd64"
    assert kernels.of_series("6.2") is None


def test_the_digest_is_of_the_content(cached):
    cached("6.1.0-1-cloud-amd64", "6.1.0-2-cloud-amd64")
    first, second = kernels.cached()
    assert first.digest() != second.digest()
    first.vmlinuz.write_bytes(second.vmlinuz.read_bytes())
    assert first.digest() == second.digest()
