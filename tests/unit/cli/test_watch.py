import io
import json
import os
import re
import signal
from functools import partialmethod
from pathlib import Path

import numpy as np
import pytest

import rows
from support.screens import play
from synscope.capture.file import read
from synscope.cli import live_lines, watch, watching
from synscope.cli.watch_app.app import WatchApp
from synscope.errors import Exit, SynscopeError
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
    assert last == "synscope: 2 connections: 1 established, 1 refused; findings: 1 refused-by-firewall (#2)"


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


def on_a_terminal(monkeypatch):
    for name in ("stdin", "stdout", "stderr"):
        monkeypatch.setattr(f"synscope.cli.watch.sys.{name}", Terminal())
    monkeypatch.setenv("TERM", "xterm")


class Terminal(io.StringIO):
    def isatty(self):
        return True


@pytest.mark.parametrize(("term", "has"), [("xterm", True), ("dumb", False), (None, False)])
def test_the_live_view_is_for_terminals_that_can_be_drawn_on(monkeypatch, term, has):
    on_a_terminal(monkeypatch)
    monkeypatch.delenv("TERM")
    if term:
        monkeypatch.setenv("TERM", term)
    assert watch._has_screen() is has


def test_without_a_terminal_there_is_no_live_view(monkeypatch):
    on_a_terminal(monkeypatch)
    monkeypatch.setattr("synscope.cli.watch.sys.stdin", io.StringIO())
    assert not watch._has_screen()


def test_without_textual_it_says_what_to_install(monkeypatch):
    on_a_terminal(monkeypatch)
    monkeypatch.setattr("importlib.util.find_spec", lambda _: None)
    assert not watch._has_screen()
    assert "pip install 'synscope[live]'" in watch.sys.stderr.getvalue()


@pytest.mark.parametrize("option", ["--plain", "--json"])
def test_lines_can_be_had_on_a_terminal(cli, session, monkeypatch, option):
    monkeypatch.setattr(watch, "_has_screen", lambda: True)
    session.batches.append(PAIR)
    assert "50164" in cli("watch", option, "--for", "0.1").stdout


def test_the_live_view_ends_as_the_lines_do(cli, session, monkeypatch, tmp_path):
    """Headless: the file, the summary and --fail-on are the same; `s` has saved what came."""
    monkeypatch.setattr(watch, "_has_screen", lambda: True)
    monkeypatch.setattr(WatchApp, "run", partialmethod(saving_and_quitting, tmp_path / "s.syn"))
    session.batches.extend([PAIR, REFUSED])
    result = cli("watch", "-o", tmp_path / "o.syn", "--fail-on", "error")
    assert result.exit_code == Exit.FOUND
    assert "2 connections: 1 established, 1 refused" in result.stderr
    assert [len(read(tmp_path / name).halves) for name in ("o.syn", "s.syn")] == [4, 4]
    assert session.opened[0].closed


def saving_and_quitting(self, saved, **_):
    async def act(pilot):
        while self.rows.told < 2:
            await pilot.pause(0.05)
        self._save(saved, False)
        while not saved.exists() or not read(saved).footer.complete:
            await pilot.pause(0.05)
        await pilot.press("q")

    play(self, act)


def test_an_error_of_the_session_ends_the_live_view(cli, session, monkeypatch):
    monkeypatch.setattr(watch, "_has_screen", lambda: True)
    monkeypatch.setattr(WatchApp, "run", lambda self, **_: play(self, until_it_ends))
    session.batches.append(SynscopeError("the ring broke", "a test"))
    result = cli("watch")
    assert "the ring broke" in result.stderr
    assert session.opened[0].closed


async def until_it_ends(pilot):
    while pilot.app.is_running:
        await pilot.pause(0.05)
