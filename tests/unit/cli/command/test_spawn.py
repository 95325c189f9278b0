"""What CMD finds when it starts. A directory with a file `cgroup.procs` stands for a cgroup."""

import os
import resource
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from synscope.cli.command.signals import Relay
from synscope.cli.command.spawn import RAISED, Ended, Launch, spawn
from synscope.errors import SynscopeError


@pytest.fixture
def group(tmp_path):
    (tmp_path / "cgroup.procs").write_text("")
    return tmp_path


def run(group, *argv, **options):
    with Relay() as relay:
        return spawn(Launch(path=argv[0], argv=list(argv), cgroup=group, **options), relay).wait()


def output(group, capfd, *argv):
    assert run(group, *argv) == Ended()
    return capfd.readouterr().out


def test_it_moves_itself_into_the_cgroup(group):
    assert run(group, "/bin/true") == Ended(code=0)
    assert (group / "cgroup.procs").read_text() == "0"


@pytest.mark.parametrize("code", [0, 1, 77, 255])
def test_its_exit_code_comes_back(group, code):
    ended = run(group, "/bin/sh", "-c", f"exit {code}")
    assert ended == Ended(code=code)
    assert ended.status == code


@pytest.mark.parametrize("number", [signal.SIGKILL, signal.SIGTERM, signal.SIGINT])
def test_the_signal_that_killed_it_comes_back(group, number):
    ended = run(group, "/bin/sh", "-c", f"kill -{int(number)} $$")
    assert ended == Ended(signal=number)
    assert ended.status == 128 + number


def test_it_gets_no_descriptor_of_ours(group, capfd):
    held = [os.open("/dev/null", os.O_RDONLY) for _ in range(3)]
    try:
        script = 'for fd in /proc/$$/fd/*; do [ -L $fd ] && echo "${fd##*/}"; done; true'
        seen = {int(number) for number in output(group, capfd, "/bin/sh", "-c", script).split()}
        given = {0, 1, 2} | {
            int(link.name) for link in Path("/proc/self/fd").iterdir() if inheritable(int(link.name))
        }
    finally:
        for descriptor in held:
            os.close(descriptor)
    assert seen <= given
    assert not seen & set(held)


def inheritable(descriptor):
    try:
        return os.get_inheritable(descriptor)
    except OSError:
        return False


GLIBCS_OWN = 0b11 << 31
"""Signals 32 and 33: glibc's posix_spawn (make uses it) leaves them ignored, and nobody can change that."""


def signals_of(text, field):
    line = next(line for line in text.splitlines() if line.startswith(field))
    return int(line.split()[1], 16) & ~GLIBCS_OWN


def test_its_signals_are_as_a_shell_would_start_it(group, capfd):
    status = output(group, capfd, "/bin/cat", "/proc/self/status")
    assert signals_of(status, "SigIgn") == 0
    assert signals_of(status, "SigBlk") == 0


def test_what_nohup_ignored_stays_ignored(group, capfd):
    before = signal.signal(signal.SIGHUP, signal.SIG_IGN)
    try:
        status = output(group, capfd, "/bin/cat", "/proc/self/status")
    finally:
        signal.signal(signal.SIGHUP, before)
    assert signals_of(status, "SigIgn") == 1 << (signal.SIGHUP - 1)


def test_its_process_group_and_session_are_ours(group, capfd):
    fields = output(group, capfd, "/bin/cat", "/proc/self/stat").rpartition(")")[2].split()
    assert [int(fields[2]), int(fields[3])] == [os.getpgrp(), os.getsid(0)]


def test_its_environment_is_what_synscope_was_given():
    """PEP 538: under LANG=C the interpreter sets LC_CTYPE for itself and all that it starts."""
    script = (
        "import pathlib, tempfile\n"
        "from synscope.cli.command.signals import Relay\n"
        "from synscope.cli.command.spawn import Launch, spawn\n"
        "with tempfile.TemporaryDirectory() as name, Relay() as relay:\n"
        "    launch = Launch(path='/usr/bin/env', argv=['env'], cgroup=pathlib.Path(name))\n"
        "    spawn(launch, relay).wait()\n"
    )
    given = {"LANG": "C", "PYTHONPATH": ":".join(sys.path), "A": "b=c"}
    done = subprocess.run(
        [sys.executable, "-c", script], env=given, capture_output=True, text=True, check=True
    )
    assert dict(line.split("=", 1) for line in done.stdout.splitlines()) == given


def test_the_limits_that_a_session_raises_are_what_synscope_was_given(group, capfd):
    """A session raises its own, which children inherit."""
    before = {kind: resource.getrlimit(kind) for kind in RAISED}
    soft = {resource.RLIMIT_MEMLOCK: 65536, resource.RLIMIT_NOFILE: 512}
    given = {kind: (soft[kind], hard) for kind, (_, hard) in before.items()}
    argv = ["sh", "-c", "ulimit -S -l; ulimit -S -n"]
    with Relay() as relay:
        assert spawn(Launch(path="/bin/sh", argv=argv, cgroup=group, limits=given), relay).wait() == Ended()
    assert capfd.readouterr().out == "64\n512\n"
    assert {kind: resource.getrlimit(kind) for kind in RAISED} == before


def test_its_output_can_be_sent_to_stderr(group, capfd):
    assert run(group, "/bin/echo", "hello", stdout_to_stderr=True) == Ended()
    captured = capfd.readouterr()
    assert (captured.out, captured.err) == ("", "hello\n")


def script(path, text):
    path.write_text(text)
    path.chmod(0o755)
    return str(path)


def test_a_script_without_an_interpreter_line_is_the_shells(group, capfd):
    assert output(group, capfd, script(group / "plain", 'echo "$1"\n'), "an argument") == "an argument\n"


@pytest.mark.parametrize(
    ("content", "code", "why"),
    [("#!/no/such/interpreter\n", 127, "interpreter"), ("#!/etc/passwd\n", 126, "Permission denied")],
)
def test_a_failing_exec_is_told_as_a_shell_tells_it(group, content, code, why):
    path = script(group / "broken", content)
    assert subprocess.run(["/bin/sh", "-c", path], capture_output=True, check=False).returncode == code
    with pytest.raises(SynscopeError) as raised:
        run(group, path)
    assert raised.value.code == code
    assert why in raised.value.why


def test_a_file_that_went_away_after_it_was_found(group):
    with pytest.raises(SynscopeError) as raised:
        run(group, "/no/such/file")
    assert raised.value.code == 127


def test_a_cgroup_that_cannot_be_joined_stops_it(tmp_path, capfd):
    with pytest.raises(SynscopeError) as raised:
        run(tmp_path / "gone", "/bin/echo", "ran")
    assert "No such file" in raised.value.why
    assert capfd.readouterr().out == ""


def test_no_failure_leaves_a_child_behind(tmp_path):
    with pytest.raises(SynscopeError):
        run(tmp_path / "gone", "/bin/true")
    with pytest.raises(ChildProcessError):
        os.waitpid(-1, os.WNOHANG)
