import json
import stat
from pathlib import Path

import numpy as np
import pytest

import rows
from synscope.capture.file import write
from synscope.capture.writer import TraceWriter
from synscope.errors import Exit
from synscope.export.formats import MODULES, format_of

PAIR = np.concatenate([rows.listener_row(), rows.client_row(), rows.server_row()])


@pytest.fixture
def saved(tmp_path):
    path = tmp_path / "t.syn"
    write(path, rows.trace([PAIR, rows.client_row(cookie=9, lport=2000, isn=9)]))
    return path


@pytest.mark.parametrize("suffix", MODULES)
def test_each_format_is_chosen_by_the_name(cli, saved, tmp_path, suffix):
    file = tmp_path / f"made{suffix.upper()}"
    result = cli("export", saved, "-o", file)
    assert result.exit_code == 0, result.stderr
    assert file.stat().st_size
    assert result.stdout == ""
    assert sorted(each.name for each in tmp_path.iterdir()) == sorted(["t.syn", file.name])


def test_the_longest_ending_counts(cli, saved, tmp_path):
    cli("export", saved, "-o", tmp_path / "a.otlp.json")
    assert "resourceSpans" in json.loads((tmp_path / "a.otlp.json").read_text())


def test_to_stdout_as_the_option_says(cli, saved):
    for name in ("-", "/dev/stdout"):
        result = cli("export", saved, "-o", name, "--format", "json")
        assert [each["id"] for each in json.loads(result.stdout)] == ["c1", "c2"]


def test_one_connection(cli, saved):
    result = cli("export", saved, "-o", "-", "--format", ".jsonl", "--connection", "c2")
    assert json.loads(result.stdout)["id"] == "c2"


def test_a_file_is_replaced_only_if_asked_for_and_only_when_whole(cli, saved, tmp_path, monkeypatch):
    file = tmp_path / "a.json"
    file.write_text("before")
    refused = cli("export", saved, "-o", file)
    assert refused.exit_code == Exit.FAILED and "--force" in refused.stderr

    def breaks(*_):
        yield b"half"
        raise OSError(28, "No space left on device")

    with monkeypatch.context() as patched:
        patched.setattr(format_of(".json"), "write", breaks)
        failed = cli("export", saved, "-o", file, "--force")
    assert "No space left on device" in failed.stderr
    assert file.read_text() == "before"
    assert {each.name for each in tmp_path.iterdir()} == {"t.syn", "a.json"}
    assert cli("export", saved, "-o", file, "--force").exit_code == 0
    assert len(json.loads(file.read_text())) == 2


def test_what_is_no_file_is_written_as_it_is(cli, saved, tmp_path):
    assert cli("export", saved, "-o", "/dev/null", "--format", "json").exit_code == 0
    assert stat.S_ISCHR(Path("/dev/null").stat().st_mode)
    full = cli("export", saved, "-o", "/dev/full", "--format", "json")
    assert full.exit_code == Exit.FAILED and "cannot write /dev/full: No space left" in full.stderr
    (tmp_path / "link.json").symlink_to(tmp_path / "target.json")
    assert cli("export", saved, "-o", tmp_path / "link.json").exit_code == 0
    assert (tmp_path / "link.json").is_symlink() and (tmp_path / "target.json").stat().st_size


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("-o", "a.foo"), "no format '.foo'"),
        (("-o", "a"), "no format ''"),
        (("-o", "-"), "stdout has no name"),
        (("-o", "a.json", "--format", "foo"), "no format 'foo'"),
        ((), "Nowhere to write to"),
        (("--otlp", "localhost"), "it is no http:// or https:// URL"),
        (("-o", "a.json", "--connection", "c9"), "it has c1 to c2"),
    ],
)
def test_a_wrong_command_line(cli, saved, tmp_path, monkeypatch, words, said):
    monkeypatch.chdir(tmp_path)
    result = cli("export", saved, *words)
    assert result.exit_code == Exit.USAGE
    assert said in result.stderr
    assert [each.name for each in tmp_path.iterdir()] == ["t.syn"]


@pytest.mark.parametrize("name", ["nosuch.syn", "/etc/passwd", "/"])
def test_what_is_no_trace_is_refused(cli, name):
    assert cli("export", name, "-o", "-", "--format", "json").exit_code == Exit.BAD_FILE


def test_a_trace_that_was_cut_off(cli, tmp_path):
    path = tmp_path / "cut.syn"
    with TraceWriter(path, rows.trace([]).header) as writer:
        writer.halves(PAIR)
    result = cli("export", path, "-o", "-", "--format", "json")
    assert len(json.loads(result.stdout)) == 1
    assert "cut off" in result.stderr


def test_help_lists_the_formats(cli):
    said = cli("export", "--help").stdout
    for suffix in MODULES:
        assert f"{suffix} " in said
