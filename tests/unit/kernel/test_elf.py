import subprocess
import sys
from pathlib import Path

import pytest

from support.require import require
from synscope.errors import SynscopeError
from synscope.kernel.elf import section


@pytest.fixture(scope="module")
def python() -> bytes:
    blob = Path(sys.executable).resolve().read_bytes()
    require(blob.startswith(b"\x7fELF\x02\x01"), "Python is no ELF64 file")
    return blob


@pytest.mark.parametrize("name", [".interp", ".dynstr", ".rodata"])
def test_contents_are_those_that_objcopy_extracts(python, name, tmp_path):
    binary = tmp_path / "binary"
    binary.write_bytes(python)
    target = tmp_path / "section"
    try:
        command = ["objcopy", "-O", "binary", "--only-section", name, str(binary), str(target)]
        subprocess.run(command, check=True, capture_output=True)
    except FileNotFoundError:
        pytest.skip("no objcopy")
    assert section(python, name) == target.read_bytes()


def test_the_interpreter_is_readable(python):
    interpreter = section(python, ".interp")
    assert interpreter is not None
    assert interpreter.endswith(b".so.1\0") or interpreter.endswith(b".so.2\0")


def test_a_section_that_is_not_there(python):
    assert section(python, ".BTF.none") is None


def test_no_elf_file():
    with pytest.raises(SynscopeError, match="ELF64"):
        section(b"#!/bin/sh\n", ".BTF")


@pytest.mark.parametrize("length", [6, 40, 64, 1000])
def test_a_file_that_is_cut_off(python, length):
    with pytest.raises(SynscopeError, match="cut off"):
        section(python[:length], ".BTF")
