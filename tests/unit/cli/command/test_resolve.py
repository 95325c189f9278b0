"""The oracle is the shell: `sh -c 'exec NAME'` exits 127 or 126 exactly where `resolve` says so."""

import os
import subprocess

import pytest

from synscope.cli.command.resolve import resolve
from synscope.errors import SynscopeError


@pytest.fixture
def path(tmp_path, monkeypatch):
    """Two directories of PATH: the first has what cannot be run, the second what can."""
    first, second = tmp_path / "first", tmp_path / "second"
    for directory in (first, second):
        directory.mkdir()
    (first / "notes").write_text("")
    (first / "both").write_text("")
    (first / "folder").mkdir()
    for name in ("both", "tool"):
        (second / name).write_text("#!/bin/sh\n")
        (second / name).chmod(0o755)
    monkeypatch.setenv("PATH", f"{first}:{second}:{tmp_path}/missing")
    return tmp_path


def shell_status(name):
    done = subprocess.run(["/bin/sh", "-c", 'exec "$0"', name], capture_output=True, check=False)
    return done.returncode


@pytest.mark.parametrize(
    "name", ["tool", "both", "notes", "nosuch", "folder", "first/notes", "./first/nosuch"]
)
def test_a_name_is_found_or_refused_as_a_shell_does(path, monkeypatch, name):
    monkeypatch.chdir(path)
    try:
        resolve(name)
        status = 0
    except SynscopeError as error:
        status = int(error.code)
    # dash looks no further than regular files, execvp(3) says EACCES of a directory
    assert status == (126 if name == "folder" else shell_status(name))


def test_a_later_directory_that_has_it_executable_wins(path):
    assert resolve("both") == str(path / "second/both")


def test_a_path_is_taken_as_it_is(path, monkeypatch):
    monkeypatch.chdir(path)
    assert resolve("second/tool") == "second/tool"


@pytest.mark.parametrize("name", ["/etc/passwd/x", "/"])
def test_what_is_no_file_is_not_run(name):
    with pytest.raises(SynscopeError) as raised:
        resolve(name)
    assert raised.value.code == (127 if name.endswith("x") else 126)
    assert os.strerror(2) in raised.value.why or "denied" in raised.value.why
