"""What a guest that does not end is: ended, with the last that it said. A shell script stands for vng."""

import os
import select
from pathlib import Path

import pytest

from support import guest

SILENT = """#!/bin/sh
echo "[    0.1] booting $*"
echo "[    9.9] what it said last"
sleep 1000 &
echo $! > "$TMPDIR/helper"
echo ready > "$TMPDIR/ready"
wait
"""
SHORT = """#!/bin/sh
echo "[    0.1] Power down"
"""


@pytest.fixture
def directory(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A shared directory; `vng` is to be put beside it."""
    monkeypatch.setattr(guest, "search_path", lambda: f"{tmp_path}:{os.defpath}")
    shared = tmp_path / "shared"
    shared.mkdir()
    return shared


def install(directory: Path, text: str) -> None:
    vng = directory.parent / "vng"
    vng.write_text(text)
    vng.chmod(0o755)


def start(directory: Path, limit: int):
    return guest.started(Path("vmlinuz"), Path("script"), directory, Path("disk"), limit)


def ends(pid: int, timeout: float = 10.0) -> bool:
    """Whether a process that was killed has ended, or does so."""
    try:
        watched = os.pidfd_open(pid)
    except ProcessLookupError:
        return True
    ready, _, _ = select.select([watched], [], [], timeout)
    os.close(watched)
    return bool(ready)


def test_one_that_ends_is_waited_for(directory):
    install(directory, SHORT)
    with start(directory, 60) as running:
        running.wait()
    assert "Power down" in running.console()


def test_one_that_hangs_is_ended_and_its_last_words_are_shown(directory):
    install(directory, SILENT)
    with (
        start(directory, 1) as running,
        pytest.raises(guest.GuestError, match=r"did not end within 1 s\n(.|\n)*what it said last"),
    ):
        running.wait()
    assert ends(int((directory / "host" / "helper").read_text()))


def test_one_that_is_left_leaves_nothing_running(directory):
    install(directory, SILENT)
    with start(directory, 60):
        while not (directory / "host" / "ready").exists():
            os.sched_yield()
    assert ends(int((directory / "host" / "helper").read_text()))


def test_a_kernel_that_is_not_to_be_had_is_said_to_be_missing(tmp_path, monkeypatch):
    refusing = tmp_path / "fetch-kernel"
    refusing.write_text("#!/bin/sh\necho 'no kernel 0.1. Try: sudo apt-get update' >&2\nexit 1\n")
    refusing.chmod(0o755)
    monkeypatch.setattr(guest, "FETCH", refusing)
    with pytest.raises(guest.GuestError, match="sudo apt-get update"):
        guest.kernel("0.1")
