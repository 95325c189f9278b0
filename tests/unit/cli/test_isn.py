import json
import os
import socket

import pytest

from isn_series import series, trace_of
from synscope.capture.file import write
from synscope.errors import Exit, SynscopeError
from synscope.live.isn_connections import Taken


@pytest.fixture
def saved(tmp_path):
    path = tmp_path / "t.syn"
    write(path, trace_of(series("random"), server=True))
    return path


@pytest.fixture
def live(monkeypatch):
    """Connections without a kernel: what was asked for, and a trace that it gave."""
    asked = []

    def take(target, count, rate, command):
        asked.append((target, count, rate))
        return Taken(
            trace_of(series("linux", count=count), pid=os.getpid()), count + 2, 3, "Connection refused"
        )

    monkeypatch.setattr("synscope.cli.privileges.require", lambda: None)
    monkeypatch.setattr("synscope.live.isn_connections.take", take)
    return asked


def test_the_peers_of_a_saved_trace_both_ends(cli, saved):
    result = cli("isn", "--from", saved)
    assert result.exit_code == 0
    server, client = (
        result.stdout.index("127.0.0.1:8080 as server"),
        result.stdout.index("127.0.0.1 as client"),
    )
    assert "random: neither" in result.stdout[server:client]
    assert "one step each 64 ns" in " ".join(result.stdout[client:].split())


def test_one_peer_of_a_saved_trace(cli, saved):
    found = [
        json.loads(line) for line in cli("isn", "--from", saved, "127.0.0.1", "--json").stdout.splitlines()
    ]
    assert [(one["schema"], one["peer"], one["side"], one["generator"]) for one in found] == [
        ("synscope.isn/1", "127.0.0.1", "client", "linux")
    ]
    assert found[0]["clock"]["per_second"] == pytest.approx(15_625_000, rel=1e-3)


def test_a_drawing_is_written_and_not_over_another(cli, saved, tmp_path):
    output = tmp_path / "x.svg"
    result = cli("isn", "--from", saved, "-o", output)
    assert result.exit_code == 0
    assert "drawn: 127.0.0.1:8080" in result.stderr
    assert output.read_text().startswith("<svg")
    assert cli("isn", "--from", saved, "-o", output).exit_code == Exit.FAILED
    assert cli("isn", "--from", saved, "127.0.0.1", "-o", output, "--force").stderr == ""


def test_connections_are_made_and_what_failed_is_said(cli, live):
    result = cli("isn", "127.0.0.1:8080", "-n", 100, "--rate", 20)
    assert result.exit_code == 0
    ((target, count, rate),) = live
    assert (target.family, target.address, count, rate) == (socket.AF_INET, ("127.0.0.1", 8080), 100, 20.0)
    assert "RFC 6528 as Linux has it" in result.stdout
    assert "3 of 105 connections failed (Connection refused)" in result.stderr
    assert "2 of 102 connections are left out" in result.stderr


def test_without_privileges_the_way_out_is_named(cli, monkeypatch):
    def refuse():
        raise SynscopeError(
            "cannot trace", "this user lacks CAP_BPF", "sudo synscope isn x", Exit.NOT_PERMITTED
        )

    monkeypatch.setattr("synscope.cli.privileges.require", refuse)
    result = cli("isn", "127.0.0.1:8080")
    assert result.exit_code == Exit.NOT_PERMITTED
    assert "CAP_BPF" in result.stderr and "--from FILE works for anyone" in result.stderr
    assert "Try: sudo synscope isn x" in result.stderr


@pytest.mark.parametrize(
    ("words", "hint", "code"),
    [
        ((), "Missing argument", Exit.USAGE),
        (("localhost",), "it is not HOST:PORT", Exit.USAGE),
        ((":80",), "it is not HOST:PORT", Exit.USAGE),
        (("::1:80",), "it is not HOST:PORT", Exit.USAGE),
        (("[::1]",), "it is not HOST:PORT", Exit.USAGE),
        (("localhost:0",), "it is none of 1 to 65535", Exit.USAGE),
        (("localhost:70000",), "it is none of 1 to 65535", Exit.USAGE),
        (("localhost:٣",), "it is none of 1 to 65535", Exit.USAGE),
        (("a..b:80",), "cannot find a..b", Exit.FAILED),
        (("\x1b[2J:80",), "cannot find \\x1b[2J", Exit.FAILED),
        (("localhost:80", "-n", "5"), "16<=x<=10000", Exit.USAGE),
        (("localhost:80", "--rate", "5000"), "1<=x<=1000", Exit.USAGE),
        (("localhost:80", "-o", "x.png"), "does not end in .svg", Exit.USAGE),
        (("--from", "/nonexistent"), "No such file", Exit.BAD_FILE),
    ],
)
def test_bad_input_gets_a_hint(cli, words, hint, code):
    result = cli("isn", *words)
    assert result.exit_code == code, result.stderr
    assert hint in result.stderr
    assert "Traceback" not in result.stderr


def test_what_a_trace_does_not_have(cli, saved, tmp_path):
    result = cli("isn", "--from", saved, "10.0.0.1:80")
    assert (result.exit_code, "there are 127.0.0.1" in result.stderr) == (Exit.USAGE, True)
    empty = tmp_path / "empty.syn"
    write(empty, trace_of(series("random", count=3), syn_retransmits=1))
    assert cli("isn", "--from", empty).exit_code == Exit.USAGE


def test_peers_with_too_few_numbers_are_counted(cli, tmp_path):
    path = tmp_path / "few.syn"
    write(path, trace_of(series("random", count=5)))
    result = cli("isn", "--from", path)
    assert (result.exit_code, result.stdout) == (0, "")
    assert "2 peers have too few numbers" in result.stderr
    assert "not known: fewer than 8 numbers" in cli("isn", "--from", path, "127.0.0.1").stdout
    assert len(cli("isn", "--from", path, "--json").stdout.splitlines()) == 2


def test_a_drawing_to_stdout_is_alone_there(cli, saved):
    result = cli("isn", "--from", saved, "-o", "-")
    assert result.exit_code == 0
    assert result.stdout.startswith("<svg ")
    assert result.stdout.rstrip().endswith("</svg>")
