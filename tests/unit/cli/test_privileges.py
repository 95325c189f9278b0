import os

import pytest

from synscope.cli.privileges import as_root


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
