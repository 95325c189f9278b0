"""Archives are read back by cpio(1), or by busybox's."""

import shutil
import subprocess
from pathlib import Path

import pytest

from support.require import require
from synscope.lab import cpio

ENTRIES = [
    cpio.directory("usr"),
    cpio.directory("usr/bin"),
    cpio.link("bin", "usr/bin"),
    cpio.file("usr/bin/tool", b"#!/bin/sh\necho it runs\n", executable=True),
    cpio.file("empty", b""),
    *(cpio.file(f"size-{size}", b"x" * size) for size in range(1, 9)),
]


def unpack(archive: Path, directory: Path) -> Path:
    """What is in the archive, in a new directory."""
    command = ["cpio"] if shutil.which("cpio") else ["busybox", "cpio"]
    require(shutil.which(command[0]), "missing: cpio, busybox. Try: make test")
    directory.mkdir()
    with archive.open("rb") as stream:
        subprocess.run([*command, "-idm"], stdin=stream, cwd=directory, check=True, capture_output=True)
    return directory


@pytest.fixture
def unpacked(tmp_path: Path) -> Path:
    with (tmp_path / "archive").open("wb") as stream:
        cpio.write(stream, ENTRIES)
    return unpack(tmp_path / "archive", tmp_path / "root")


def test_what_was_put_in_comes_out(unpacked: Path):
    assert sorted(path.name for path in unpacked.iterdir()) == sorted(
        entry.name for entry in ENTRIES if "/" not in entry.name
    )
    for entry in ENTRIES:
        path = unpacked / entry.name
        if path.is_file() and not path.is_symlink():
            assert path.read_bytes() == entry.content
            assert path.stat().st_mode == entry.mode


def test_links_lead_where_they_should_and_programs_run(unpacked: Path):
    done = subprocess.run([unpacked / "bin" / "tool"], capture_output=True, text=True, check=True)
    assert done.stdout == "it runs\n"


def test_the_same_entries_give_the_same_bytes(tmp_path: Path):
    for name in ("a", "b"):
        with (tmp_path / name).open("wb") as stream:
            cpio.write(stream, ENTRIES)
    assert (tmp_path / "a").read_bytes() == (tmp_path / "b").read_bytes()
