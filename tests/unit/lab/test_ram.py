from pathlib import Path

from synscope.lab.ram import TEXT, Ram


def test_the_kernels_image_is_read_where_it_lies(tmp_path: Path):
    (tmp_path / "ram").write_bytes(bytes(1 << 24) + b"the kernel's text")
    with (tmp_path / "ram").open("rb") as file:
        ram = Ram(file.fileno())
        assert ram.read(TEXT + (1 << 24) + 4, 6) == b"kernel"
        assert ram.read(TEXT + (1 << 25), 8) == b""
        assert ram.read(0xFFFF888000000000, 8) == b""
        assert ram.read(0xFFFFFFFFC0000000, 8) == b""
        assert ram.read(8, 8) == b""
