"""A real terminal (pty(7)), and the pagers that are on this machine."""

import os
import pty
import shutil
import subprocess
import sys

import pytest

from support.require import require

LONG = ["explain"]
"""Longer than 24 lines, shorter than a pipe."""


def at_terminal(words, pager=None, **environment):
    """The exit status and what came on the terminal."""
    main, terminal = pty.openpty()
    variables = {**os.environ, "TERM": "xterm", "COLUMNS": "80", **environment}
    variables.pop("PAGER", None)
    variables.pop("NO_COLOR", None)
    if pager is not None:
        variables["PAGER"] = pager
    process = subprocess.Popen(
        [sys.executable, "-m", "synscope.cli", *words],
        stdin=terminal,
        stdout=terminal,
        stderr=terminal,
        env=variables,
        start_new_session=True,
    )
    os.close(terminal)
    content = b""
    try:
        while piece := os.read(main, 4096):
            content += piece
    except OSError:  # EIO: nobody has the terminal any more
        pass
    os.close(main)
    return process.wait(), content.decode().replace("\r\n", "\n")


@pytest.fixture(scope="module")
def whole():
    status, text = at_terminal(["--no-pager", *LONG])
    assert status == 0
    assert text.count("\n") > 24
    assert "\x1b[" in text
    return text


def test_a_pager_gets_all_of_it_with_its_colours(tmp_path, whole):
    seen = tmp_path / "seen"
    status, text = at_terminal(LONG, f"tee {seen}")
    assert status == 0
    assert text == whole
    assert seen.read_text() == whole


@pytest.mark.parametrize("pager", ["false", "/no/such/pager", "sh -c 'exit 3'", "'", "", "cat"])
def test_one_that_does_not_work_costs_nothing(pager, whole):
    assert at_terminal(LONG, pager) == (0, whole)


def test_one_that_is_left_ends_it():
    status, text = at_terminal(["schema"], "head -n 3")
    assert status == 0  # it is not paged
    status, text = at_terminal(["show", "--help"], "head -n 3")
    assert status == 0
    status, text = at_terminal(LONG, "head -n 3")
    assert text.count("\n") == 3
    assert status in (0, -13)  # before all was written, or after


def test_what_fits_the_screen_is_not_paged(tmp_path):
    status, text = at_terminal(["explain", "no-such-code"], f"tee {tmp_path / 'seen'}")
    assert status == 2
    assert "no finding" in text
    assert not (tmp_path / "seen").exists()


def test_nor_is_what_goes_to_no_terminal(tmp_path, cli, monkeypatch):
    monkeypatch.setenv("PAGER", f"tee {tmp_path / 'seen'}")
    assert cli(*LONG).exit_code == 0
    assert not (tmp_path / "seen").exists()


def test_less_shows_it():
    require(shutil.which("less"), "less is not installed")
    status, text = at_terminal(LONG, "less -E -FRX", LINES="200")
    assert status == 0
    assert "accept-queue-overflow" in text
