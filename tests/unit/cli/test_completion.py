"""Asked by the shells themselves, where they are installed."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

import rows
from support.require import require
from synscope.capture.file import write
from synscope.cli.completion import SHELLS
from synscope.cli.options import VIEWS

SYNSCOPE = Path(sys.executable).parent / "synscope"


@pytest.fixture
def trace(tmp_path):
    path = tmp_path / "t.syn"
    write(path, rows.trace([rows.listener_row(), rows.client_row(), rows.server_row()]))
    return path


def offered(*words):
    """What synscope answers a shell that completes the last word."""
    line = " ".join(map(str, words))
    asked = {"COMP_WORDS": line, "COMP_CWORD": str(len(words) - 1), "_SYNSCOPE_COMPLETE": "bash_complete"}
    done = subprocess.run(
        [sys.executable, "-c", "import sys; sys.argv[0] = 'synscope'; from synscope.cli import main; main()"],
        env={**os.environ, **asked},
        capture_output=True,
        text=True,
        check=True,
    )
    return [entry.partition(",")[2] for entry in done.stdout.splitlines() if entry]


def test_words(trace):
    assert offered("synscope", "sce") == ["scenario"]
    assert offered("synscope", "scenario", "sh") == ["show"]
    assert "syn-lost" in offered("synscope", "scenario", "show", "syn")
    assert offered("synscope", "explain", "accept-queue-overflow-") == ["accept-queue-overflow-ack"]
    assert offered("synscope", "show", "--fail-on", "err") == ["error"]
    assert offered("synscope", "show", "--view", "") == list(VIEWS)
    assert offered("synscope", "export", trace, "--format", "pc") == ["pcapng"]
    assert offered("synscope", "states", "--for") == ["--format", "--force"]


def test_connections_of_the_file_that_is_named(trace):
    assert offered("synscope", "show", trace, "--connection", "") == ["c1"]
    assert offered("synscope", "diff", trace, trace, "--connection-b", "c") == ["c1"]
    assert offered("synscope", "show", "/no/such/file", "--connection", "c") == []
    assert offered("synscope", "show", sys.executable, "--connection", "c") == []


BASH = """
eval "$({0} completion bash)"
COMP_WORDS=(synscope sce) COMP_CWORD=1
_synscope_completion synscope
printf '%s\\n' "${{COMPREPLY[@]}}"
"""
FISH = "{0} completion fish | source; complete -C 'synscope sce'"


@pytest.mark.parametrize(("shell", "script"), [("bash", BASH), ("fish", FISH)])
def test_the_script_in_its_shell(shell, script, tmp_path):
    require(shutil.which(shell), f"{shell} is not installed")
    require(SYNSCOPE.exists(), "synscope is not installed beside this Python")
    environment = {**os.environ, "PATH": f"{SYNSCOPE.parent}:{os.environ['PATH']}", "HOME": str(tmp_path)}
    done = subprocess.run(
        [shell, "-c", script.format(SYNSCOPE)], env=environment, capture_output=True, text=True, check=True
    )
    assert done.stdout.split()[0] == "scenario"


@pytest.mark.parametrize("shell", SHELLS)
def test_each_script_is_one_that_the_shell_takes(cli, shell, tmp_path):
    script = cli("completion", shell).stdout
    assert "_SYNSCOPE_COMPLETE" in script
    require(shutil.which(shell), f"{shell} is not installed")
    path = tmp_path / "script"
    path.write_text(script)
    assert subprocess.run([shell, "-n", path], check=False).returncode == 0


def test_a_shell_that_is_none(cli):
    result = cli("completion", "bsh")
    assert result.exit_code == 2
    assert "Did you mean 'bash'?" in " ".join(result.stderr.split()).replace("│ ", "")
