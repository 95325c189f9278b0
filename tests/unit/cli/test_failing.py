import pytest

import faults
from synscope.capture.writer import TraceWriter
from synscope.cli.failing import in_trace, named
from synscope.errors import Exit


@pytest.fixture
def saved(tmp_path):
    def save(whole):
        path = tmp_path / "t.syn"
        writer = TraceWriter(path, whole.header, force=True)
        writer.halves(whole.halves)
        writer.events(whole.events)
        writer.close(whole.footer)
        return str(path)

    return save


def test_by_code_and_by_severity():
    found = faults.told(faults.dropped("output")).findings  # an error, and a warning behind it
    assert named(found, ("gave-up",)) == {"gave-up"}
    assert named(found, ("error",)) == {"syn-dropped-output"}
    assert named(found, ("warning",)) == {"syn-dropped-output", "gave-up"}
    assert named(found, ("info", "error")) == {"syn-dropped-output", "gave-up"}
    assert named(found, ("no-route",)) == named(found, ()) == set()


def test_calls_without_a_connection_count_too():
    whole = faults.lone_call("bind", faults.EADDRINUSE)
    assert in_trace(whole, ("error",)) == {"address-in-use"}
    assert in_trace(whole, ()) == set()


def test_show_exits_with_its_own_status(cli, saved):
    path = saved(faults.no_listener())
    result = cli("show", path, "--fail-on", "refused-no-listener")
    assert result.exit_code == Exit.FOUND
    assert "found: refused-no-listener" in result.stderr
    assert "refused-no-listener" in result.stdout
    assert cli("show", path, "--fail-on", "no-route", "--fail-on", "syn-lost").exit_code == 0
    assert cli("show", path).exit_code == 0


def test_only_the_connection_that_is_asked_for(cli, saved):
    whole = faults.no_listener()
    healthy = faults.client_row(cookie=8, lport=50999, isn=77, peer_isn=78)
    path = saved(faults.trace([whole.halves, healthy], [whole.events]))
    assert cli("show", path, "--connection", "c1", "--fail-on", "error").exit_code == Exit.FOUND
    assert cli("show", path, "--connection", "c2", "--fail-on", "error").exit_code == 0


@pytest.mark.parametrize("command", ["run", "show", "watch"])
def test_a_word_that_is_neither(cli, command):
    result = cli(command, "--fail-on", "bad-luck", *(["x"] if command != "watch" else []))
    assert result.exit_code == Exit.USAGE
    assert "neither a severity nor a code" in result.stderr.replace("\n", " ").replace("│", "")
