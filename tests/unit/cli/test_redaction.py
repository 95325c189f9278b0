"""`--redact` of each command that has it; what it replaces is tested in tests/unit/export/redaction."""

import json

import pytest

import rows
from synscope.capture.file import read, write

SECRET = {"local": "10.141.7.33", "remote": "172.29.14.201", "comm": "sekretd"}


@pytest.fixture
def saved(tmp_path):
    path = tmp_path / "geheim.syn"
    write(
        path,
        rows.trace([rows.client_row(**SECRET)], header={"command": ["sekretd"], "hostname": "geheimhost"}),
    )
    return path


def is_clean(text):
    return text and not any(word in text for word in ("10.141", "172.29", "sekretd", "geheim"))


@pytest.mark.parametrize("view", ["story", "table", "summary", "ladder"])
def test_show(cli, saved, view):
    assert not is_clean(cli("show", saved, "--view", view).stdout)
    assert is_clean(cli("show", saved, "--redact", "--view", view).stdout)


def test_show_json_and_export(cli, saved, tmp_path):
    shown = cli("show", saved, "--redact", "--json").stdout
    assert is_clean(shown)
    exported = cli("export", saved, "--redact", "--format", "jsonl", "-o", "-").stdout
    assert exported == shown
    assert is_clean(cli("export", saved, "--redact", "-o", "-", "--format", "html").stdout)


def test_a_trace_to_share(cli, saved, tmp_path):
    to = tmp_path / "shared.syn"
    assert cli("export", saved, "--redact", "-o", to).exit_code == 0
    assert cli("show", to, "--json").stdout == cli("show", saved, "--redact", "--json").stdout
    assert read(to).header.hostname == "host-1"
    assert cli("export", saved, "--redact", "-o", to).exit_code == 1
    piped = cli("export", saved, "--redact", "-o", "-", "--format", "syn")
    assert piped.stdout_bytes == to.read_bytes()
    only = cli("export", saved, "-o", tmp_path / "one.syn", "--connection", "c1")
    assert only.exit_code == 2
    assert "--connection" in only.stderr


def test_a_trace_that_is_not_redacted_is_the_same(cli, saved, tmp_path):
    to = tmp_path / "again.syn"
    cli("export", saved, "-o", to)
    assert to.read_bytes() == saved.read_bytes()


def test_diff(cli, saved, tmp_path):
    other = tmp_path / "geheim2.syn"
    write(other, rows.trace([rows.client_row(**{**SECRET, "comm": "anderer"})]))
    found = cli("diff", saved, other, "--redact")
    assert is_clean(found.stdout)
    assert "trace-2" in found.stdout
    assert found.exit_code == cli("diff", saved, other).exit_code


def test_query(cli, saved):
    query = "SELECT file, client_comm, server_address FROM connections"
    result = cli("query", saved, "--redact", "--format", "json", query)
    assert result.exit_code == 0, result.stderr
    assert json.loads(result.stdout)["file"] == "trace-1"
    assert is_clean(result.stdout)
