import os
import subprocess
import sys
from pathlib import Path

import pytest

import synscope as package
from synscope.cli import app, ending
from synscope.cli.app import COMMANDS, synscope
from synscope.errors import Exit, SynscopeError


def python(*words, **options):
    command = [sys.executable, *words]
    environ = os.environ | {"PYTHONPATH": str(Path(package.__file__).parents[1])}
    return subprocess.run(command, capture_output=True, text=True, check=False, env=environ, **options)


def test_help_lists_every_command_with_a_line(cli):
    result = cli("--help")
    assert result.exit_code == 0
    for name in COMMANDS:
        assert f"│ {name} " in result.stdout


@pytest.mark.parametrize("name", COMMANDS)
def test_a_command_has_its_own_help(cli, name):
    result = cli(name, "--help")
    assert result.exit_code == 0
    assert f"Usage: synscope {name} " in result.stdout


def test_help_needs_nothing_heavy():
    """The budget is 200 ms: what would break it is one import at the top of a command's module."""
    script = (
        "import sys; sys.argv = ['synscope', '--help']\n"
        "from synscope.cli import main\n"
        "try: main()\n"
        "finally: print(*(m for m in ('numpy', 'msgspec', 'zstandard', 'synscope.views', 'synscope.probes')"
        " if m in sys.modules), file=sys.stderr)\n"
    )
    done = python("-c", script)
    assert (done.returncode, done.stderr.strip()) == (0, "")


def test_version(cli):
    assert cli("--version").stdout == f"synscope {package.__version__}\n"


@pytest.mark.parametrize(
    ("typed", "hint"), [("rnu", "Did you mean 'run'?"), ("wach", "'watch'"), ("curl", "synscope run -- curl")]
)
def test_a_wrong_command_gets_a_hint(cli, typed, hint):
    result = cli(typed)
    assert result.exit_code == Exit.USAGE
    assert hint in result.stderr
    assert result.stdout == ""


def failing(monkeypatch, error):
    def fail(*_args, **_kw):
        raise error

    monkeypatch.setattr(synscope.get_command(None, "schema"), "callback", fail)


def test_an_error_is_one_line_and_its_code(cli, monkeypatch):
    failing(monkeypatch, SynscopeError("cannot see", "it is dark", "make light", Exit.NOT_PERMITTED))
    result = cli("schema")
    assert result.exit_code == Exit.NOT_PERMITTED
    assert (result.stdout, result.stderr) == ("", "synscope: cannot see: it is dark. Try: make light\n")


def test_an_error_cannot_steer_the_terminal(cli, monkeypatch):
    failing(monkeypatch, SynscopeError("no \x1b[2J", "\n\u202e"))
    assert cli("schema").stderr == "synscope: no \\x1b[2J: \\x0a\\u202e\n"


@pytest.mark.parametrize(("error", "number"), [(KeyboardInterrupt(), 2), (BrokenPipeError(), 13)])
def test_an_interrupt_ends_as_the_signal_does(cli, monkeypatch, died, error, number):
    failing(monkeypatch, error)
    result = cli("schema")
    assert died == [number]
    assert result.stderr == ""


def test_a_bug_is_a_traceback(cli, monkeypatch):
    failing(monkeypatch, ZeroDivisionError())
    assert isinstance(cli("schema").exception, ZeroDivisionError)


def test_a_reader_that_goes_away_is_no_error():
    """`synscope … | head -0`: the reader is gone before the first write."""
    script = (
        "import os, subprocess, sys\n"
        "reading, writing = os.pipe()\n"
        "os.close(reading)\n"
        "done = subprocess.run([sys.executable, '-m', 'synscope.cli', 'schema'], stdout=writing,"
        " stderr=subprocess.PIPE)\n"
        "print(done.returncode, done.stderr)\n"
    )
    assert python("-c", script).stdout == "-13 b''\n"


def test_a_death_by_signal_leaves_no_core():
    script = (
        "import os, resource\n"
        "from synscope.cli.ending import die_by\n"
        "resource.setrlimit(resource.RLIMIT_CORE, (resource.getrlimit(resource.RLIMIT_CORE)[1],) * 2)\n"
        "pid = os.fork()\n"
        "if not pid: die_by(6)\n"
        "status = os.waitpid(pid, 0)[1]\n"
        "print(os.WTERMSIG(status), os.WCOREDUMP(status))\n"
    )
    assert python("-c", script).stdout == "6 False\n"


def test_a_signal_that_kills_nobody_still_ends(monkeypatch):
    assert python("-c", "from synscope.cli.ending import die_by; die_by(17)").returncode == 145


def test_every_module_of_a_command_is_there():
    assert all(hasattr(synscope.get_command(None, name), "callback") for name in COMMANDS)
    assert synscope.get_command(None, "nosuch") is None
    assert app.ending is ending


@pytest.mark.parametrize("words", [["--help"], ["show", "--help"], ["lab", "run", "--help"]])
def test_help_obeys_color(words):
    shown = {
        when: python("-m", "synscope.cli", "--color", when, *words).stdout
        for when in ("always", "never", "auto")
    }
    assert "\x1b[" in shown["always"]
    assert shown["never"] == shown["auto"]
    assert "\x1b[" not in shown["never"]


@pytest.mark.parametrize(
    ("words", "meant"),
    [
        (["show", "--view", "sotry", "x"], "story"),
        (["show", "--fail-on", "syn-lots", "x"], "syn-lost"),
        (["show", "--conection", "c1", "x"], "--connection"),
        (["query", "--format", "cvs", "x"], "csv"),
        (["scenario", "lsit"], "list"),
        (["scenario", "show", "syn-lots"], "syn-lost"),
        (["explain", "syn-lots"], "syn-lost"),
        (["export", "x", "-o", "x.jsno"], "-o x.json"),
        (["completion", "bahs"], "bash"),
    ],
)
def test_what_is_meant_is_said(cli, words, meant):
    result = cli(*words)
    assert result.exit_code == 2
    assert meant in result.stderr.split("mean")[-1].split("Try:")[-1]
