import json
import os
import re
import signal
from pathlib import Path

import numpy as np
import pytest

import rows
from synscope.capture.file import read
from synscope.cli import live_lines, watching
from synscope.errors import Exit
from synscope.events.wire import Fate

PAIR = np.concatenate([rows.listener_row(), rows.client_row(), rows.server_row()])
REFUSED = rows.client_row(
    cookie=9,
    fate=Fate.FAILED,
    sk_err=111,
    peer_isn=None,
    lport=40000,
    t={"connect": 5, "syn_out": 9},
    transitions=[(6, "CLOSE", "SYN_SENT"), (40_000, "SYN_SENT", "CLOSE")],
)


def test_a_line_per_connection_and_a_summary(cli, session):
    session.batches.extend([PAIR, REFUSED])
    result = cli("watch", "--for", "0.1")
    assert result.exit_code == 0
    first, second = [line for line in result.stdout.splitlines() if "#" in line]
    assert re.match(
        r"\d\d:\d\d:\d\d\.\d{3} #1  127\.0\.0\.1:50164 → 127\.0\.0\.1:8080 +established in 60 µs", first
    )
    assert "refused" in second
    assert "python3[4711]" in result.stdout
    last = result.stderr.splitlines()[-1]
    assert last == "synscope: 2 connections: 1 established, 1 refused"


def test_json_is_all_that_is_on_stdout(cli, session):
    session.batches.extend([PAIR, REFUSED])
    result = cli("watch", "--json", "--for", "0.1")
    found = [json.loads(line) for line in result.stdout.splitlines()]
    assert [(one["id"], one["outcome"]) for one in found] == [("c1", "established"), ("c2", "refused")]


def test_lines_come_while_it_goes_on(cli, session, monkeypatch):
    """The first line is printed before the second batch is even there."""
    seen = []
    original = live_lines.LiveLines.__call__

    def spy(self, found):
        found = list(found)
        seen.extend(connection.id for connection in found)
        original(self, found)
        if found and len(seen) == 1:
            session.batches.append(REFUSED)

    monkeypatch.setattr(watching, "JOIN_NS", 0)
    monkeypatch.setattr(live_lines.LiveLines, "__call__", spy)
    session.batches.append(PAIR)
    cli("watch", "--for", "0.3")
    assert seen == ["c1", "c2"]


def test_ctrl_c_ends_it_with_the_summary(cli, session):
    session.batches.append(PAIR)
    session.batches.append(Interrupting())
    result = cli("watch")
    assert result.exit_code == 0
    assert "1 connection: 1 established" in result.stderr
    assert signal.getsignal(signal.SIGINT) is signal.default_int_handler


class Interrupting(np.ndarray):
    """Halves whose arrival is a Ctrl-C."""

    def __new__(cls):
        return np.empty(0, PAIR.dtype).view(cls)

    def __len__(self):
        os.kill(os.getpid(), signal.SIGINT)
        return 0


def test_filters_reach_the_session(cli, session):
    own = Path("/proc/self/ns/net").stat().st_ino
    cli("watch", "--netns", own, "--pid", 7, "--port", 80, "--address", "::ffff:10.0.0.1", "--for", 0)
    (opened,) = session.opened
    options = opened.options
    assert (options.netns, options.pid, options.port, options.address) == (own, 7, 80, "10.0.0.1")
    assert (options.detail, options.cgroup) == ("record", None)


def test_without_filters_everything_is_watched(cli, session):
    cli("watch", "--for", 0)
    options = session.opened[0].options
    filters = (options.cgroup, options.netns, options.pid, options.port, options.address)
    assert filters == (None, None, None, None, None)


@pytest.mark.parametrize(
    "words", [("--address", "example"), ("--netns", "no-such"), ("--port", "70000"), ("--cgroup", "/no/such")]
)
def test_a_filter_that_means_nothing_is_refused(cli, session, words):
    result = cli("watch", *words)
    assert result.exit_code == Exit.USAGE
    assert words[1] in result.stderr
    assert session.opened == []


def test_it_can_be_saved(cli, session, tmp_path):
    session.batches.append(PAIR)
    saved = tmp_path / "w.syn"
    result = cli("watch", "--for", "0.1", "-o", saved)
    trace = read(saved)
    assert (len(trace.halves), trace.footer.complete, trace.footer.exit_status) == (3, True, None)
    assert f"synscope show {saved}" in result.stderr.splitlines()[-1]


def test_a_reader_that_goes_away_ends_it_but_the_file_is_whole(cli, session, tmp_path, monkeypatch, died):
    def gone(self, found):
        if list(found):
            raise BrokenPipeError

    monkeypatch.setattr(watching, "JOIN_NS", 0)
    monkeypatch.setattr(live_lines.LiveLines, "__call__", gone)
    session.batches.append(PAIR)
    saved = tmp_path / "w.syn"
    cli("watch", "-o", saved)
    assert died == [signal.SIGPIPE]
    assert read(saved).footer.complete


def test_the_time_of_day_is_local(monkeypatch):
    import time

    monkeypatch.setenv("TZ", "UTC-2")
    time.tzset()
    assert live_lines.clock(1_700_000_000_987_654_321) == "00:13:20.987"
    monkeypatch.undo()
    time.tzset()
