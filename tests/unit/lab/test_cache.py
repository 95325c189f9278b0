import errno
import os

import pytest

from synscope.errors import SynscopeError
from synscope.lab import cache


def names(directory):
    return sorted(path.name for path in directory.iterdir())


@pytest.fixture(autouse=True)
def home(tmp_path, monkeypatch):
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    return tmp_path


def test_the_root_is_where_the_xdg_specification_says(home, monkeypatch):
    assert cache.root() == home / "synscope" / "lab"
    monkeypatch.delenv("XDG_CACHE_HOME")
    monkeypatch.setenv("HOME", "/home/someone")
    assert str(cache.root()) == "/home/someone/.cache/synscope/lab"


def test_a_directory_is_there_when_it_is_complete(home):
    with cache.new_directory(home / "made") as work:
        (work / "file").write_text("content")
        assert not (home / "made").exists()
    assert (home / "made" / "file").read_text() == "content"
    assert names(home) == ["made"]


def test_nothing_is_left_of_one_that_fails(home):
    with pytest.raises(KeyboardInterrupt), cache.new_directory(home / "made") as work:
        (work / "file").write_text("half")
        raise KeyboardInterrupt
    assert names(home) == []


def test_a_full_disk_is_told_with_what_mends_it(home):
    told = pytest.raises(SynscopeError, match=r"No space left on device.*XDG_CACHE_HOME")
    with told, cache.new_directory(home / "made"):
        raise OSError(errno.ENOSPC, "No space left on device")
    assert names(home) == []


def test_a_place_that_cannot_be_written_is_told(home):
    (home / "file").write_text("")
    with pytest.raises(SynscopeError, match="cannot write"), cache.new_directory(home / "file" / "made"):
        pass


def test_who_comes_second_leaves_what_is_there(home):
    (home / "made").mkdir()
    (home / "made" / "file").write_text("first")
    with cache.new_directory(home / "made") as work:
        (work / "file").write_text("second")
    assert (home / "made" / "file").read_text() == "first"
    assert names(home) == ["made"]


def test_what_was_abandoned_is_swept_away(home):
    (home / ".new-old").mkdir()
    os.utime(home / ".new-old", (1, 1))
    (home / ".new-under-way").mkdir()
    with cache.new_directory(home / "made"):
        pass
    assert names(home) == [".new-under-way", "made"]


def test_snapshots_of_a_kernel_are_told_from_those_of_another():
    root = cache.root() / "snapshots"
    for name in ("6.1.0-5-cloud", "6.1.0-5-cloud-amd64", "6.12.1+deb12-cloud-amd64"):
        (root / f"{name}-{'ab' * 8}").mkdir(parents=True)
    assert [path.name for path in cache.snapshots("6.1.0-5-cloud")] == ["6.1.0-5-cloud-abababababababab"]
    assert len(cache.snapshots("6.12.1+deb12-cloud-amd64")) == 1


def test_prune_keeps_those_that_were_used_last(home):
    for age, name in enumerate(("new", "older", "oldest")):
        (home / name).mkdir()
        os.utime(home / name, (1000 - age, 1000 - age))
    cache.prune(home.iterdir(), 2)
    assert names(home) == ["new", "older"]
