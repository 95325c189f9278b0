"""Bytecode without its source is imported by Python itself."""

import os
import py_compile
import subprocess
import sys
from pathlib import Path

import pytest

from synscope.lab import bytecode


def imported(directory: Path) -> str:
    """What the module `told` prints, of whatever is in `directory`."""
    command = [sys.executable, "-c", "import told"]
    return subprocess.run(
        command, env={"PYTHONPATH": str(directory)}, capture_output=True, text=True, check=True
    ).stdout


@pytest.fixture
def source(tmp_path: Path) -> Path:
    path = tmp_path / "source" / "told.py"
    path.parent.mkdir()
    path.write_text("print('first')\n")
    return path


def alone(source: Path, tmp_path: Path) -> Path:
    place = tmp_path / "alone"
    place.mkdir(exist_ok=True)
    (place / "told.pyc").write_bytes(bytecode.of(source))
    return place


def test_compiled_where_python_has_kept_none(source, tmp_path):
    assert imported(alone(source, tmp_path)) == "first\n"


def test_what_python_kept_is_taken(source, tmp_path):
    kept = Path(py_compile.compile(str(source)))
    assert bytecode.of(source) == kept.read_bytes()
    assert imported(alone(source, tmp_path)) == "first\n"


def test_what_is_stale_is_compiled_again(source, tmp_path):
    py_compile.compile(str(source))
    source.write_text("print('second, and longer')\n")
    os.utime(source, (1, 1))
    assert imported(alone(source, tmp_path)) == "second, and longer\n"
