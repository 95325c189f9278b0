from xml.etree import ElementTree as ET

import numpy as np
import pytest

import rows
from synscope.capture.file import write
from synscope.errors import Exit


@pytest.fixture
def saved(tmp_path):
    path = tmp_path / "t.syn"
    halves = [
        rows.listener_row(),
        rows.client_row(),
        rows.server_row(),
        rows.client_row(cookie=9, lport=9, isn=1),
    ]
    write(path, rows.trace([np.concatenate(halves)]))
    return path


def test_the_whole_machine(cli):
    result = cli("states")
    assert result.exit_code == 0
    assert "NEW_SYN_RECV" in result.stdout and "tcp_time_wait" in result.stdout
    assert max(map(len, result.stdout.splitlines())) <= 80


def test_the_first_connection_and_that_there_are_more(cli, saved):
    result = cli("states", saved)
    assert result.stdout.startswith("#1 ")
    assert "c2 " in result.stdout and "s4 " in result.stdout
    assert "the first of 2" in result.stderr


@pytest.mark.parametrize("name", ["#2", "#c2"])
def test_another_connection(cli, saved, name):
    result = cli("states", f"{saved}{name}")
    assert result.stdout.startswith("#2 ")
    assert result.stderr == ""


def test_a_file_with_such_a_name(cli, saved):
    odd = saved.rename(saved.with_name("t#c2"))
    assert cli("states", odd).stdout.startswith("#1 ")


@pytest.mark.parametrize("suffix", ["svg", "SVG", "mmd", "txt"])
def test_each_form(cli, saved, tmp_path, suffix):
    out = tmp_path / f"x.{suffix}"
    assert cli("states", saved, "-o", out).stdout == ""
    text = out.read_text()
    if suffix.lower() == "svg":
        assert ET.fromstring(text).tag.endswith("svg")
    assert "SYN_SENT" in text and "\x1b" not in text
    again = cli("states", saved, "-o", out)
    assert again.exit_code == Exit.FAILED
    assert "--force" in again.stderr
    assert cli("states", "-o", out, "--force").exit_code == 0
    assert out.read_text() != text


@pytest.mark.parametrize(
    ("words", "code"),
    [
        (["-o", "x.png"], Exit.USAGE),
        (["-o", "nosuch/x.svg"], Exit.FAILED),
        (["nosuch.syn"], Exit.BAD_FILE),
        (["nosuch.syn#c1"], Exit.BAD_FILE),
        (["/etc/passwd"], Exit.BAD_FILE),
    ],
)
def test_what_cannot_be_done_is_said(cli, words, code):
    result = cli("states", *words)
    assert result.exit_code == code
    assert result.stderr.startswith("synscope: ")
    assert result.stdout == ""


def test_a_connection_that_is_not_there(cli, saved):
    result = cli("states", f"{saved}#c9")
    assert result.exit_code == Exit.USAGE
    assert "c1 to c2" in result.stderr


def test_a_trace_of_nothing(cli, tmp_path):
    path = tmp_path / "none.syn"
    write(path, rows.trace([]))
    assert cli("states", path).exit_code == Exit.USAGE


def test_to_stdout_as_the_option_says(cli, saved):
    assert cli("states", saved, "-o", "-", "--format", "svg").stdout.startswith("<svg ")
    assert cli("states", "-o", "-", "--format", "mmd").stdout.startswith("flowchart")
    unnamed = cli("states", "-o", "-")
    assert unnamed.exit_code == 2
    assert "--format svg" in unnamed.stderr
