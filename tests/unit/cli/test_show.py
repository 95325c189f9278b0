import json

import msgspec
import numpy as np
import pytest

import rows
from synscope.capture.file import write
from synscope.capture.writer import TraceWriter
from synscope.cli import options, telling
from synscope.errors import Exit
from synscope.events.wire import PathKind
from synscope.views import VIEWS
from traced import Writing

PAIR = np.concatenate([rows.listener_row(), rows.client_row(), rows.server_row()])


@pytest.fixture
def saved(tmp_path):
    path = tmp_path / "t.syn"
    write(path, rows.trace([PAIR]))
    return path


def test_the_views_on_the_command_line_are_those_there_are():
    assert ("story", *VIEWS) == options.VIEWS


@pytest.mark.parametrize("view", options.VIEWS)
def test_each_view_is_drawn(cli, saved, view):
    result = cli("show", saved, "--view", view)
    assert result.exit_code == 0
    assert "127.0.0.1" in result.stdout
    assert result.stderr == ""


def test_json(cli, saved):
    (line,) = cli("show", saved, "--json").stdout.splitlines()
    assert json.loads(line)["outcome"] == "established"


def test_width(cli, saved):
    wide = cli("show", saved, "--width", "120").stdout
    assert max(map(len, wide.splitlines())) > 80


@pytest.mark.parametrize("name", ["nosuch.syn", "/etc/passwd", "/"])
def test_what_is_no_trace_is_refused(cli, name):
    result = cli("show", name)
    assert result.exit_code == Exit.BAD_FILE
    assert name in result.stderr
    assert result.stdout == ""


def test_a_trace_that_was_cut_off_is_shown_and_said_to_be(cli, tmp_path):
    path = tmp_path / "cut.syn"
    with TraceWriter(path, rows.trace([]).header) as writer:
        writer.halves(PAIR)
    result = cli("show", path)
    assert result.exit_code == 0
    assert "127.0.0.1:50164" in result.stdout
    assert "cut off" in result.stderr


def test_of_a_great_many_the_call_trees_are_drawn_of_the_first(cli, tmp_path, monkeypatch):
    """They are what costs; segments are in every view, and one connection and JSON have all."""
    monkeypatch.setattr(telling, "SCREENS", 1)
    clients = [rows.client_row(cookie=n, lport=2000 + n, isn=n) for n in (1, 2)]
    syn = rows.tcp_header(2001, 8080, 1, window=4321)
    sent = rows.segment_event(PathKind.SENT, rows.T0 + 25_000, syn, stack=1)
    path = tmp_path / "path.syn"
    write(path, rows.trace(clients, [sent], {1: ["dev_hard_start_xmit+0x1", "tcp_connect+0x2"]}))
    every = cli("show", path).stdout
    assert "win 4321" in every
    assert "tcp_connect" not in every
    assert "tcp_connect" in cli("show", path, "--connection", "c1").stdout
    assert '"function":"tcp_connect"' in cli("show", path, "--json").stdout
    calls = cli("show", path, "--view", "calls")
    assert "tcp_connect" in calls.stdout
    assert "the first 1 of 2" in calls.stderr
    assert "the first 1 of 2" in cli("show", path, "--view", "ladder").stderr
    assert cli("show", path, "--view", "states").stderr == ""


def test_more_than_can_be_drawn_is_said(cli, tmp_path, monkeypatch):
    monkeypatch.setattr(telling, "DRAWN", 3)
    path = tmp_path / "many.syn"
    clients = [rows.client_row(cookie=n, lport=2000 + n, isn=n) for n in range(1, 6)]
    write(path, rows.trace([np.concatenate(clients)]))
    result = cli("show", path, "--view", "table")
    assert "the first 3 of 5" in result.stderr
    assert len(cli("show", path, "--json").stdout.splitlines()) == 5
    # chosen by number, any can be drawn
    assert "#5" in cli("show", path, "--connection", "c5").stdout


CALLS = """
__sys_connect @1 fd=3
  tcp_v4_connect @1
    tcp_connect @1
"""


@pytest.fixture
def traced_calls(tmp_path):
    written = Writing().lane(CALLS + "    helper\n" * 300, start=rows.T0, tid=4711)
    trace = rows.trace([PAIR], header={"calls_clock": "ns"}, footer={"functions": written.functions})
    path = tmp_path / "traced.syn"
    write(path, msgspec.structs.replace(trace, calls=written.rows))
    return path


@pytest.mark.parametrize("view", ["calls", "story"])
def test_functions_are_explained_if_asked_for(cli, traced_calls, view):
    assert "Builds the SYN" not in cli("show", traced_calls, "--view", view).stdout
    explained = cli("show", traced_calls, "--view", view, "--explain").stdout
    assert "Builds the SYN" in explained and "net/ipv4/tcp_output.c" in explained


def test_of_very_many_calls_all_are_drawn_if_asked_for(cli, traced_calls):
    assert "300 more calls" in cli("show", traced_calls, "--view", "calls").stdout
    assert "helper = 0 ×300" in cli("show", traced_calls, "--view", "calls", "--all-functions").stdout
    (line,) = cli("show", traced_calls, "--json").stdout.splitlines()
    assert line.count('"helper"') == 300
