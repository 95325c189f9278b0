"""`run` with a real command and a session that delivers prepared halves."""

import json
import signal

import numpy as np
import pytest

import rows
from synscope.capture.file import read
from synscope.cli.command.cgroup import Process
from synscope.errors import Exit, SynscopeError
from synscope.events.trace import Footer
from unit.cli.fakes import FakeCgroup

PAIR = np.concatenate([rows.listener_row(), rows.client_row(), rows.server_row()])


def test_the_commands_output_and_status_are_its_own(cli, session, capfd):
    result = cli("run", "--", "sh", "-c", "echo out; echo err >&2; exit 7")
    assert result.exit_code == 7
    assert result.stdout == ""
    captured = capfd.readouterr()
    assert (captured.out, captured.err) == ("out\n", "err\n")


def test_the_story_is_on_stderr(cli, session):
    session.batches.append(PAIR)
    result = cli("run", "true")
    assert "127.0.0.1:50164 → 127.0.0.1:8080" in result.stderr
    assert result.stdout == ""
    assert result.stderr.rstrip().splitlines()[-1].strip() == "Next: synscope run -o trace.syn -- true"


def test_no_connection_is_said(cli, session):
    assert "No TCP connection was seen" in cli("run", "true").stderr


def test_json_has_stdout_for_itself(cli, session, capfd):
    session.batches.append(PAIR)
    result = cli("run", "--json", "--", "echo", "the command's")
    (line,) = result.stdout.splitlines()
    assert json.loads(line)["client"]["port"] == 50164
    captured = capfd.readouterr()
    assert (captured.out, captured.err) == ("", "the command's\n")


def test_options_after_the_command_are_the_commands(cli, session, capfd):
    assert cli("run", "echo", "--json", "-o").exit_code == 0
    assert capfd.readouterr().out == "--json -o\n"


@pytest.mark.parametrize(
    ("words", "detail", "until_close"),
    [
        ((), "path", False),
        (("--detail", "record"), "record", False),
        (("--detail", "functions"), "functions", False),
        (("--until", "close"), "path", True),
    ],
)
def test_options_reach_the_session(cli, session, tmp_path, words, detail, until_close):
    cli("run", *words, "--", "true")
    (opened,) = session.opened
    assert (opened.options.detail, opened.options.until_close) == (detail, until_close)
    assert opened.options.cgroup == tmp_path / "cgroup"
    assert opened.command == ["true"]
    assert opened.closed


def test_the_traces_exit_status_is_the_commands(cli, session):
    cli("run", "--", "sh", "-c", "exit 3")
    assert session.opened[0].status == 3


def test_death_by_signal_is_passed_on_after_the_story(cli, session, died):
    session.batches.append(PAIR)
    result = cli("run", "--", "sh", "-c", "kill -SEGV $$")
    assert died == [signal.SIGSEGV]
    assert session.opened[0].status == 139
    assert "established" in result.stderr


@pytest.mark.parametrize(("name", "code"), [("nosuch-command", 127), ("/etc/passwd", 126), ("/", 126)])
def test_what_cannot_run_costs_nothing(cli, session, name, code):
    result = cli("run", "--", name)
    assert result.exit_code == code
    assert name in result.stderr
    assert session.opened == []


def test_a_refusal_of_the_kernel_stops_the_command(cli, session, capfd, monkeypatch, tmp_path):
    refusal = SynscopeError("cannot trace", "CAP_BPF is needed", "sudo synscope …", Exit.NOT_PERMITTED)
    monkeypatch.setattr(session, "refusal", refusal)
    result = cli("run", "--", "echo", "ran")
    assert result.exit_code == Exit.NOT_PERMITTED
    assert result.stderr == "synscope: cannot trace: CAP_BPF is needed. Try: sudo synscope …\n"
    assert capfd.readouterr().out == ""
    assert list(tmp_path.iterdir()) == []


def test_a_saved_trace_can_be_shown(cli, session, tmp_path):
    session.batches.append(PAIR)
    saved = tmp_path / "t.syn"
    result = cli("run", "-o", saved, "--", "true")
    assert f"synscope show {saved} --view" in result.stderr.rstrip().splitlines()[-1]
    assert len(read(saved).halves) == len(PAIR)
    shown = cli("show", saved)
    assert shown.exit_code == 0
    assert "127.0.0.1:50164 → 127.0.0.1:8080" in shown.stdout


@pytest.mark.parametrize("words", [("--view", "table"), ("--json",)])
def test_the_last_line_names_show_whatever_was_printed(cli, session, tmp_path, words):
    saved = tmp_path / "t.syn"
    result = cli("run", "-o", saved, *words, "--", "true")
    assert f"synscope show {saved} --view" in result.stderr.rstrip().splitlines()[-1]


def test_nothing_is_overwritten_unasked(cli, session, tmp_path, capfd):
    saved = tmp_path / "t.syn"
    saved.write_text("precious")
    result = cli("run", "-o", saved, "--", "echo", "ran")
    assert (result.exit_code, capfd.readouterr().out) == (Exit.FAILED, "")
    assert "--force" in result.stderr
    assert saved.read_text() == "precious"
    assert session.opened == []
    assert cli("run", "-o", saved, "--force", "--", "true").exit_code == 0
    assert read(saved).footer.complete


def test_who_outlives_the_command_is_told(cli, session, monkeypatch):
    monkeypatch.setattr(FakeCgroup, "moved", [Process(77, "sle\x1bep"), Process(78, "")])
    assert "sle\\x1bep[77], ?[78]" in cli("run", "true").stderr


def test_losses_are_told(cli, session, monkeypatch):
    session.batches.append(PAIR)
    monkeypatch.setattr(session, "footer", Footer(lost={"sockops: ring full": 5}))
    assert "sockops: ring full" in cli("run", "true").stderr


def test_an_error_while_tracing_lets_the_command_end_first(cli, session, capfd):
    session.batches.append(SynscopeError("cannot drain", "broken ring"))
    result = cli("run", "--", "sh", "-c", "sleep 0.1; echo done")
    assert result.exit_code == Exit.FAILED
    assert capfd.readouterr().out == "done\n"
    assert "broken ring" in result.stderr
    assert session.opened[0].closed


def test_an_unknown_connection_is_an_error_that_says_which_there_are(cli, session):
    session.batches.append(PAIR)
    result = cli("run", "--connection", "c9", "--", "true")
    assert result.exit_code == Exit.USAGE
    assert "c1 to c1" in result.stderr


@pytest.mark.parametrize("identity", ["c1", "#1", "1"])
def test_one_connection_can_be_chosen(cli, session, identity):
    session.batches.append(PAIR)
    result = cli("run", "--json", "--connection", identity, "--", "true")
    assert json.loads(result.stdout)["id"] == "c1"


def test_demo_explains_and_ends_with_the_next_command(cli, session, capfd):
    session.batches.append(PAIR)
    result = cli("demo")
    assert result.exit_code == 0
    assert capfd.readouterr().out == "the server said: hello, kernel\n"
    assert "127.0.0.1:50164 → 127.0.0.1:8080" in result.stdout
    assert result.stdout.startswith("A small server listens on 127.0.0.1")
    assert result.stdout.rstrip().splitlines()[-1].startswith("Next: synscope run -- ")
    assert session.opened[0].options.detail == "path"


def test_it_is_readable_in_ascii_and_80_columns(cli, session, monkeypatch):
    monkeypatch.setenv("LC_ALL", "C")
    session.batches.append(PAIR)
    result = cli("run", "true")
    assert result.stderr.isascii()
    assert max(map(len, result.stderr.splitlines())) <= 80
    assert "\x1b" not in result.stderr
