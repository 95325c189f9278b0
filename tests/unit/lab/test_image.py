"""The image is unpacked by cpio(1), and its own Python imports what the guest runs."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from synscope.lab import image, initramfs
from unit.lab.test_cpio import unpack

RUN = """
import sys
sys.path = [path for path in sys.path if path.startswith(sys.argv[1])]
import numpy, msgspec, socket, ssl, json, http.client
import synscope.lab.guest.agent, synscope.cli.demo_pair
from synscope.probes import doctor, recovery
files = [getattr(module, "__file__", None) for module in sys.modules.values()]
print(*[file for file in files if file and file.startswith("/") and not file.startswith(sys.argv[1])])
"""


@pytest.fixture(scope="module")
def root(tmp_path_factory: pytest.TempPathFactory) -> Path:
    directory = tmp_path_factory.mktemp("image")
    with (directory / "archive").open("wb") as stream:
        initramfs.write(stream, image.sources())
    return unpack(directory / "archive", directory / "root")


def test_its_python_has_all_that_the_guest_imports(root: Path):
    libraries = {str(path.parent) for path in (root / "usr/lib").rglob("libc.so.6")}
    environ = {
        "PYTHONHOME": str(root / "usr"),
        "PYTHONPATH": str(root / "site"),
        "LD_LIBRARY_PATH": os.pathsep.join(libraries),
    }
    command = [root / "usr/bin/python3", "-c", RUN, str(root)]
    done = subprocess.run(command, env=environ, capture_output=True, text=True, check=False)
    assert (done.returncode, done.stderr, done.stdout.strip()) == (0, "", "")


def test_every_library_is_in_it(root: Path):
    """By ldd, with the image's libraries alone."""
    programs = [path for path in (root / "usr/bin").iterdir() if not path.is_symlink()]
    for program in programs:
        done = subprocess.run(["ldd", program], capture_output=True, text=True, check=False)
        for line in filter(lambda line: "=>" in line, done.stdout.splitlines()):
            assert list(root.rglob(line.split()[0])), (program, line)


def test_it_has_an_init_and_places_to_mount(root: Path):
    assert os.access(root / "init", os.X_OK)
    assert all((root / name).is_dir() for name in ("proc", "sys", "dev", "tmp", "root"))
    assert (root / "bin").resolve() == root / "usr/bin"


def test_no_source_and_no_test_is_in_it(root: Path):
    assert not list(root.rglob("*.py"))
    assert not list(root.rglob("tests"))


def test_the_digest_tells_a_change(tmp_path):
    file = tmp_path / "file"
    file.write_text("content")
    before = image.digest([image.Source("a", file)])
    assert image.digest([image.Source("a", file)]) == before
    assert image.digest([image.Source("b", file)]) != before
    os.utime(file, (1, 1))
    assert image.digest([image.Source("a", file)]) != before


def test_the_interpreter_is_this_one():
    assert image.sources()[0].path == Path(sys.executable).resolve()
