"""Against the loader, which must load what is left of a library, and against ldd."""

import ctypes
import shutil
import subprocess
from pathlib import Path

import numpy as np

from synscope.lab import libraries
from synscope.probes.loader import object_path


def test_a_library_without_its_tail_loads_and_works(tmp_path: Path):
    whole = next(iter(libraries.needed([Path("/bin/sh")]).values()))
    content = whole.resolve().read_bytes()
    part = libraries.loaded(content)
    assert len(part) < len(content)
    (tmp_path / "part.so").write_bytes(part)
    assert ctypes.CDLL(str(tmp_path / "part.so")).getpid() == ctypes.CDLL(None).getpid()


def test_a_program_without_its_tail_runs(tmp_path: Path):
    part = tmp_path / "echo"
    part.write_bytes(libraries.loaded(Path(shutil.which("echo")).resolve().read_bytes()))
    part.chmod(0o755)
    assert subprocess.run([part, "hello"], capture_output=True, check=True).stdout == b"hello\n"


def test_objects_to_be_linked_and_texts_stay_as_they_are():
    for content in (object_path("state").read_bytes(), b"#!/bin/sh\n", b"\x7fELF\x02", b""):
        assert libraries.loaded(content) == content


def test_needed_is_what_ldd_says():
    said = subprocess.run(["ldd", "/bin/sh"], capture_output=True, text=True, check=True).stdout
    found = libraries.needed([Path("/bin/sh")])
    assert all(name in said and str(path) in said for name, path in found.items())
    assert len(found) == said.count("(0x") - said.count("linux-vdso")


def test_libraries_need_what_ldd_says_of_each(tmp_path: Path):
    extensions = [path.resolve() for path in Path(np.__file__).parent.glob("*/*.so")]
    (tmp_path / "a directory").mkdir()
    shutil.copy(extensions[0], tmp_path / "a directory")
    said = subprocess.run(["ldd", *extensions], capture_output=True, text=True, check=True).stdout
    told = {line.split(" => ")[0].strip() for line in said.splitlines() if " => /" in line}
    found = libraries.needed([*extensions, tmp_path / "a directory" / extensions[0].name])
    assert told <= found.keys()
    assert not {str(path) for path in extensions} & found.keys()


def test_a_static_program_needs_nothing(tmp_path: Path):
    script = tmp_path / "script"
    script.write_text("#!/bin/sh\n")
    assert libraries.needed([script]) == {}


def test_libbpf_is_a_file():
    assert libraries.libbpf().is_file()
