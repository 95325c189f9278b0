import pytest

from synscope.errors import Exit, SynscopeError
from synscope.lab.guest import workload
from synscope.lab.messages import PAIR, Order


@pytest.fixture
def guest(tmp_path, monkeypatch):
    """The guest's places, here."""
    monkeypatch.setattr(workload, "CGROUP", tmp_path)
    monkeypatch.setattr(workload, "HOME", str(tmp_path))
    monkeypatch.setattr(workload, "STDOUT", tmp_path / "stdout")
    monkeypatch.setattr(workload, "STDERR", tmp_path / "stderr")
    return tmp_path


def run(*command, **more):
    return workload.Workload().run(Order(command=list(command), **more), lambda: None)


def test_a_command_is_executed_and_its_status_told(guest):
    assert run("sh", "-c", "pwd; echo no >&2; exit 3") == 3
    assert (guest / "stdout").read_text() == f"{guest}\n"
    assert (guest / "stderr").read_text() == "no\n"
    assert (guest / "cgroup.procs").read_text() == "0"


def test_a_signal_is_told_as_a_shell_tells_it(guest):
    assert run("sh", "-c", "kill -9 $$") == 137


def test_it_has_no_descriptors_but_its_own(guest):
    assert run("sh", "-c", "ls /proc/self/fd | wc -w") == 0
    assert (guest / "stdout").read_text() == "4\n"  # the last is of the directory itself


def test_a_module_runs_in_the_fork(guest):
    assert run("python3", "-m", "synscope.cli.demo_pair", module=PAIR.module) == 0
    assert (guest / "stdout").read_text() == "the server said: hello, kernel\n"


def test_one_that_does_not_end_is_killed_at_its_limit(guest):
    assert run("sleep", "1000", limit_s=0.05) is None


def test_two_that_wait_do_not_wait_for_each_other(guest):
    first, second = workload.Workload(), workload.Workload()
    assert first.run(Order(command=["true"]), lambda: None) == 0
    assert second.run(Order(command=["false"]), lambda: None) == 1


def test_what_is_not_there_is_said_with_what_is(guest, monkeypatch):
    (guest / "bin").mkdir()
    (guest / "bin" / "python3").touch()
    monkeypatch.setattr(workload, "PROGRAMS", guest / "bin")
    with pytest.raises(SynscopeError, match="not in the guest; in it are: python3") as caught:
        run("no-such-program")
    assert caught.value.code == Exit.NOT_FOUND


def test_the_rings_are_drained_meanwhile(guest):
    drained = []
    workload.Workload().run(Order(command=["sleep", "0.1"]), lambda: drained.append(1))
    assert drained
