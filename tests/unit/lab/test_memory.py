import subprocess

from synscope.lab.memory import MemoryFile


def test_a_child_that_inherits_it_opens_it_by_its_path():
    with MemoryFile("test", 8) as file:
        file.write(b"hello", 1)
        command = ["cat", str(file.path)]
        done = subprocess.run(command, pass_fds=[file.descriptor], capture_output=True, check=True)
        assert done.stdout == b"\0hello\0\0"


def test_a_copy_is_the_same_with_holes(tmp_path):
    with MemoryFile("test", 8 << 20) as file:
        file.write(b"content", 5 << 20)
        file.copy_to(tmp_path / "copy")
        assert (tmp_path / "copy").read_bytes() == file.path.read_bytes()
    status = (tmp_path / "copy").stat()
    assert status.st_size == 8 << 20
    assert status.st_blocks * 512 <= 1 << 17


def test_zeros_that_were_written_are_holes_too(tmp_path):
    with MemoryFile("test", 1 << 20) as file:
        file.write(bytes(1 << 20))
        file.copy_to(tmp_path / "copy")
    assert (tmp_path / "copy").read_bytes() == bytes(1 << 20)
    assert (tmp_path / "copy").stat().st_blocks == 0
