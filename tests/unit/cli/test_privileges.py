import os
import subprocess

import pytest

from synscope.cli import privileges
from synscope.cli.privileges import as_root, lacking

ALL = ["CAP_NET_ADMIN", "CAP_PERFMON", "CAP_BPF"]


@pytest.mark.parametrize(
    ("held", "missing"),
    [
        (0, ALL),
        (1 << 12, ["CAP_PERFMON", "CAP_BPF"]),
        (1 << 12 | 1 << 38 | 1 << 39, []),
        (1 << 21, ["CAP_NET_ADMIN"]),
        ((1 << 41) - 1, []),
    ],
)
def test_what_is_lacking(held, missing):
    assert lacking(f"Name:\tx\nCapInh:\t{2**41 - 1:016x}\nCapEff:\t{held:016x}\n") == missing


def test_no_mask_is_no_capability():
    assert lacking("Name:\tx\n") == ALL


def test_the_numbers_are_those_of_capsh():
    """libcap knows the names by its own table."""
    for bit, name in privileges.NAMES.items():
        done = subprocess.run(["capsh", f"--decode={1 << bit:x}"], capture_output=True, text=True, check=True)
        assert done.stdout.strip().endswith("=" + name.lower())


@pytest.mark.parametrize(("directory", "full"), [("venv/bin", True), ("/usr/bin", False)])
def test_sudo_finds_the_synscope_that_was_meant(tmp_path, monkeypatch, directory, full):
    place = tmp_path / directory
    if full:
        place.mkdir(parents=True)
        (place / "synscope").write_text("")
        (place / "synscope").chmod(0o755)
    monkeypatch.setattr("shutil.which", lambda name: os.path.join(place, name))  # noqa: PTH118
    monkeypatch.setattr("sys.argv", ["x", "run", "--", "a b"])
    program = f"{place}/synscope" if full else "synscope"
    assert as_root() == f"sudo {program} run -- 'a b'"
