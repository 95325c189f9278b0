"""With real cgroups, made in one of the test's own."""

import errno
import fcntl
import os
import subprocess
from pathlib import Path

import pytest

from synscope.cli.command import cgroup as module
from synscope.cli.command.cgroup import CommandCgroup, remove, start_time, sweep
from synscope.errors import Exit, SynscopeError

pytestmark = pytest.mark.needs_kernel


@pytest.fixture
def sleeper():
    processes = []

    def start(group):
        command = ["/bin/sh", "-c", 'echo 0 > "$0/cgroup.procs"; exec cat', str(group)]
        process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
        processes.append(process)
        process.stdin.write("in\n")
        process.stdin.flush()
        assert process.stdout.readline() == "in\n"
        return process

    yield start
    for process in processes:
        process.communicate()


def members(group):
    return [int(line) for line in (group / "cgroup.procs").read_text().split()]


def gone_pid():
    process = subprocess.Popen(["/bin/true"])
    process.wait()
    return process.pid


def test_it_is_made_below_and_removed(cgroup):
    with CommandCgroup(cgroup) as group:
        assert group.path.parent == cgroup
        assert group.path.name == f"synscope-{os.getpid()}-{start_time(os.getpid())}"
        assert members(group.path) == []
    assert not group.path.exists()
    assert group.moved == []


def test_what_outlives_the_command_is_moved_up_and_told(cgroup, sleeper):
    with CommandCgroup(cgroup) as group:
        process = sleeper(group.path)
    assert [(moved.pid, moved.comm) for moved in group.moved] == [(process.pid, "cat")]
    assert members(cgroup) == [process.pid]
    assert process.poll() is None


def test_cgroups_that_the_command_made_go_too(cgroup, sleeper):
    with CommandCgroup(cgroup) as group:
        (group.path / "a/b").mkdir(parents=True)
        process = sleeper(group.path / "a/b")
    assert not group.path.exists()
    # moved up a level at a time, told once
    assert [moved.pid for moved in group.moved] == [process.pid]
    assert members(cgroup) == [process.pid]


def test_a_process_that_has_just_been_waited_for_is_no_obstacle(cgroup):
    for _ in range(20):
        with CommandCgroup(cgroup) as group:
            command = ["/bin/sh", "-c", 'echo 0 > "$0/cgroup.procs"', str(group.path)]
            subprocess.run(command, check=True)
        assert group.moved == []


def test_the_next_run_removes_what_a_killed_one_left(cgroup, sleeper):
    left = cgroup / f"synscope-{gone_pid()}-123"
    left.mkdir()
    process = sleeper(left)
    with CommandCgroup(cgroup):
        assert not left.exists()
    assert members(cgroup) == [process.pid]


def test_a_pid_that_was_given_out_again_does_not_keep_it(cgroup):
    left = cgroup / f"synscope-{os.getpid()}-{start_time(os.getpid()) + 1}"
    left.mkdir()
    assert sweep(cgroup) == [left]
    assert not left.exists()


@pytest.mark.parametrize("name", ["synscope-{own}", "synscope-test-1", "synscope-1-2-3", "other-1-2"])
def test_nothing_else_is_removed(cgroup, name):
    kept = cgroup / name.format(own=f"{os.getpid()}-{start_time(os.getpid())}")
    kept.mkdir()
    try:
        assert sweep(cgroup) == []
        assert kept.exists()
    finally:
        kept.rmdir()


def test_one_that_is_held_from_another_pid_namespace_is_kept(cgroup):
    held = cgroup / f"synscope-{gone_pid()}-123"
    held.mkdir()
    descriptor = os.open(held, os.O_RDONLY)
    fcntl.flock(descriptor, fcntl.LOCK_EX)
    assert sweep(cgroup) == []
    os.close(descriptor)
    assert sweep(cgroup) == [held]


def test_it_works_below_a_threaded_cgroup(cgroup, sleeper):
    """cgroup-v2.rst, Threads: a child of a threaded cgroup is invalid until it is threaded too."""
    threaded = cgroup / "threaded"
    threaded.mkdir()
    (threaded / "cgroup.type").write_text("threaded")
    with CommandCgroup(threaded) as group:
        assert (group.path / "cgroup.type").read_text() == "threaded\n"
        process = sleeper(group.path)
    assert [moved.pid for moved in group.moved] == [process.pid]
    process.communicate()
    threaded.rmdir()


def test_a_refusal_names_what_mends_it(cgroup, monkeypatch):
    monkeypatch.setenv("PATH", "")
    monkeypatch.setattr("sys.argv", ["synscope", "run", "--", "a b"])

    def refuse(_path):
        raise PermissionError(errno.EACCES, "Permission denied")

    monkeypatch.setattr(module.Path, "mkdir", refuse)
    with pytest.raises(SynscopeError) as raised, CommandCgroup(cgroup):
        pass
    assert raised.value.code == Exit.NOT_PERMITTED
    assert raised.value.remedy == "sudo synscope run -- 'a b'"


def test_the_start_time_is_the_kernels(cgroup):
    """Against ps, which computes it from the same field by another path; None for who is gone."""
    ticks = os.sysconf("SC_CLK_TCK")
    started = subprocess.run(
        ["ps", "-o", "etimes=", "-p", str(os.getpid())], capture_output=True, text=True, check=True
    )
    uptime = float(Path("/proc/uptime").read_text().split()[0])
    assert abs(uptime - start_time(os.getpid()) / ticks - float(started.stdout)) < 2
    assert start_time(gone_pid()) is None


def test_removing_what_is_not_there_is_an_error(tmp_path):
    with pytest.raises(SynscopeError) as raised:
        remove(tmp_path)
    assert str(tmp_path) in raised.value.remedy
