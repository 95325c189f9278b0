import csv
import io
import json

import duckdb
import numpy as np
import pytest

import rows
from synscope.capture.file import write
from synscope.errors import Exit
from synscope.export.tables import VIEWS

PAIR = [rows.listener_row(), rows.client_row(comm="c\x1b]\u202e\u2028"), rows.server_row()]
COUNT = "SELECT file, count(*) AS n FROM connections GROUP BY ALL ORDER BY n"


@pytest.fixture
def saved(tmp_path):
    path = tmp_path / "a b.syn"
    write(path, rows.trace([np.concatenate(PAIR)]))
    return path


@pytest.fixture
def other(tmp_path):
    path = tmp_path / "b.syn"
    write(path, rows.trace([np.concatenate([*PAIR, rows.client_row(cookie=9, lport=2000, isn=9)])]))
    return path


def test_many_traces_are_asked_at_once(cli, saved, other):
    result = cli("query", saved, other, COUNT, "--format", "json")
    assert result.exit_code == 0, result.stderr
    told = [json.loads(line) for line in result.stdout.splitlines()]
    assert told == [{"file": str(saved), "n": 1}, {"file": str(other), "n": 2}]


def test_as_a_table(cli, saved):
    result = cli("query", saved, "SELECT outcome, errno, setup_ns FROM connections")
    assert result.stdout.splitlines() == [
        "outcome      errno  setup_ns",
        "───────────  ─────  ────────",
        "established  NULL   60000",
    ]


def test_as_csv(cli, saved, other):
    result = cli("query", saved, other, COUNT, "--format", "csv")
    assert list(csv.reader(io.StringIO(result.stdout))) == [
        ["file", "n"],
        [str(saved), "1"],
        [str(other), "2"],
    ]


def test_as_parquet(cli, saved, tmp_path):
    file = tmp_path / "a.parquet"
    assert cli("query", saved, "FROM phases", "--format", "parquet", "-o", file).exit_code == 0
    (count,) = duckdb.sql(f"SELECT count(*) FROM '{file}'").fetchall()[0]
    assert count > 0
    assert cli("query", saved, "FROM phases", "-o", file).exit_code == Exit.FAILED


@pytest.mark.parametrize("form", ["table", "json"])
def test_names_cannot_steer_the_terminal(cli, saved, form):
    said = cli("query", saved, "SELECT client_comm FROM connections", "--format", form).stdout
    assert len(said.splitlines()) == (3 if form == "table" else 1)
    assert "\x1b" not in said and "\u202e" not in said and "u202e" in said


def test_without_a_query_the_tables_are_listed(cli, saved):
    said = cli("query", saved).stdout
    assert [line for line in said.splitlines() if not line.startswith(" ")] == list(VIEWS)
    assert "  setup_ns" in said


def test_calls_are_there_if_they_are_named(cli, tmp_path):
    path = tmp_path / "calls.syn"
    syn = rows.segment_event(rows.PathKind.SENT, rows.T0 + 25_000, rows.tcp_header(50164, 8080, 1), stack=1)
    write(
        path, rows.trace([rows.client_row(isn=1)], [syn], {1: ["dev_hard_start_xmit+0x1", "tcp_connect+0x2"]})
    )
    result = cli("query", path, "SELECT path FROM Calls ORDER BY n")
    assert "tcp_connect > dev_hard_start_xmit" in result.stdout


@pytest.mark.parametrize(
    ("query", "said"),
    [
        ("SELECT nope FROM connections", '"nope"'),
        ("FROM read_text('/etc/passwd') WHERE true", "disabled by configuration"),
        ("SELEC 1", "syntax error"),
    ],
)
def test_a_wrong_query_is_refused(cli, saved, query, said):
    result = cli("query", saved, query)
    assert result.exit_code == Exit.USAGE
    assert said in result.stderr and "synscope query FILE" in result.stderr


def test_a_query_may_be_longer_than_a_name_of_a_file(cli, saved):
    result = cli("query", saved, f"SELECT '{'x' * 5000}' AS long FROM connections", "--format", "csv")
    assert result.stdout == f"long\n{'x' * 5000}\n"


def test_a_query_needs_a_trace(cli):
    result = cli("query", "FROM connections")
    assert result.exit_code == Exit.USAGE and "synscope query FILE 'FROM connections'" in result.stderr


def test_what_is_no_trace_is_refused(cli, saved):
    assert cli("query", saved, "/etc/passwd", COUNT).exit_code == Exit.BAD_FILE
