"""Writing while tracing: whose file, how it survives, what it refuses."""

import os
import resource
import signal
import stat
import subprocess
import sys
from contextlib import contextmanager
from pathlib import Path

import numpy as np
import pytest

from support.require import require
from synscope.capture import writer as writing
from synscope.capture.file import TraceWriter, read
from synscope.errors import SynscopeError
from synscope.events.trace import Footer, Header
from synscope.events.wire import HALF, PATH_EVENT

HEADER = Header(synscope="0.1.0", kernel="6.18.0", machine="x86_64", started_mono_ns=1, started_wall_ns=2)
KEEPS_WRITING = """
import itertools, sys
import numpy as np
from pathlib import Path
from synscope.capture.file import TraceWriter
from synscope.events.trace import Header
from synscope.events.wire import HALF
header = Header(synscope="0.1.0", kernel="6.18.0", machine="x86_64", started_mono_ns=1, started_wall_ns=2)
writer = TraceWriter(Path(sys.argv[1]), header)
for number in itertools.count(1):
    rows = np.zeros(1, HALF)
    rows["cookie"] = number
    writer.halves(rows)
    print(number, flush=True)
"""


@pytest.fixture
def path(tmp_path):
    return tmp_path / "t.syn"


def test_after_kill_9_all_rows_that_were_handed_over_are_there(path):
    source = str(Path(writing.__file__).parents[2])
    command = [sys.executable, "-c", KEEPS_WRITING, str(path)]
    with subprocess.Popen(
        command, stdout=subprocess.PIPE, env={**os.environ, "PYTHONPATH": source}
    ) as process:
        lines = [int(process.stdout.readline()) for _ in range(50)]
        process.send_signal(signal.SIGKILL)
        lines += [int(line) for line in process.stdout.read().split(b"\n")[:-1]]
    found = read(path)
    assert not found.footer.complete
    cookies = found.halves["cookie"].tolist()
    assert cookies == list(range(1, len(cookies) + 1))
    assert lines[-1] <= len(cookies) <= lines[-1] + 1


def test_does_not_overwrite_unasked(path):
    path.write_text("precious")
    with pytest.raises(SynscopeError) as caught:
        TraceWriter(path, HEADER)
    assert "--force" in caught.value.remedy
    assert path.read_text() == "precious"


def test_force_overwrites_and_leaves_the_owner_his_mode(path):
    path.write_text("x" * 10_000)
    path.chmod(0o600)
    TraceWriter(path, HEADER, force=True).close(Footer())
    assert read(path).footer.complete
    assert stat.S_IMODE(path.stat().st_mode) == 0o600


@pytest.mark.parametrize("target", ["precious", "nothing"])
def test_a_link_is_not_followed(tmp_path, path, target):
    (tmp_path / "precious").write_text("precious")
    path.symlink_to(tmp_path / target)
    with pytest.raises(SynscopeError, match="it exists"):
        TraceWriter(path, HEADER)
    assert (tmp_path / "precious").read_text() == "precious"
    assert not (tmp_path / "nothing").exists()


def test_anyone_may_read_it_whatever_the_umask(path):
    before = os.umask(0o077)
    try:
        TraceWriter(path, HEADER).close(Footer())
    finally:
        os.umask(before)
    assert stat.S_IMODE(path.stat().st_mode) == 0o644


@pytest.mark.needs_kernel
def test_through_sudo_it_belongs_to_the_caller(path, monkeypatch):
    require(os.geteuid() == 0, "needs root")
    monkeypatch.setenv("SUDO_UID", "65534")
    monkeypatch.setenv("SUDO_GID", "65533")
    TraceWriter(path, HEADER).close(Footer())
    assert (path.stat().st_uid, path.stat().st_gid) == (65534, 65533)


@pytest.mark.parametrize("uid", ["", "nobody", "-5", "99999999999999999999"])
def test_a_caller_that_is_none(path, monkeypatch, uid):
    monkeypatch.setenv("SUDO_UID", uid)
    monkeypatch.setenv("SUDO_GID", "0")
    TraceWriter(path, HEADER).close(Footer())
    assert path.stat().st_uid == os.geteuid()


def test_a_file_that_was_there_keeps_its_owner(path, monkeypatch):
    monkeypatch.setenv("SUDO_UID", "65534")
    monkeypatch.setenv("SUDO_GID", "65533")
    path.touch()
    TraceWriter(path, HEADER, force=True).close(Footer())
    assert path.stat().st_uid == os.geteuid()


@pytest.mark.parametrize("wrong", ["nowhere/t.syn", "."])
def test_where_no_file_can_be(tmp_path, wrong):
    with pytest.raises(SynscopeError, match="cannot write"):
        TraceWriter(tmp_path / wrong, HEADER, force=True)


def test_a_full_disk_at_once():
    require(Path("/dev/full").exists(), "no /dev/full")
    with pytest.raises(SynscopeError, match="No space left"):
        TraceWriter(Path("/dev/full"), HEADER, force=True)


@contextmanager
def files_end_at(size):
    """As a full disk does, this lets a write begin and cuts it (setrlimit(2)); Python ignores SIGXFSZ."""
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (size, hard))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))


def test_a_disk_that_fills_up_costs_only_what_did_not_fit(path):
    rows = np.random.default_rng(1).integers(0, 256, 20 * HALF.itemsize, np.uint8).view(HALF)
    with TraceWriter(path, HEADER) as writer:
        writer.halves(rows[:5])
        end = path.stat().st_size
        with files_end_at(end + 1000), pytest.raises(SynscopeError, match="File too large"):
            writer.halves(rows)
        assert path.stat().st_size == end
        writer.halves(rows[5:7])
        writer.close(Footer(exit_status=0))
    found = read(path)
    assert found.halves.tobytes() == rows[:7].tobytes()
    assert found.footer.complete


def test_many_rows_become_several_frames(path, monkeypatch):
    monkeypatch.setattr(writing, "_ROWS_OF_A_FRAME", 3 * PATH_EVENT.itemsize + 1)
    rows = np.arange(10 * PATH_EVENT.itemsize // 8, dtype="<u8").view(PATH_EVENT)
    with TraceWriter(path, HEADER) as writer:
        writer.events(rows)
        writer.close(Footer())
    assert read(path).events.tobytes() == rows.tobytes()


def test_rows_of_the_wrong_kind(path):
    with TraceWriter(path, HEADER) as writer, pytest.raises(TypeError, match="HALVES"):
        writer.halves(np.zeros(1, PATH_EVENT))


def test_closing_twice_and_writing_afterwards(path):
    writer = TraceWriter(path, HEADER)
    writer.close(Footer())
    size = path.stat().st_size
    writer.close(Footer())
    assert path.stat().st_size == size
    with pytest.raises(ValueError, match="closed"):
        writer.halves(np.zeros(1, HALF))


def test_arguments_and_names_that_are_no_utf_8(path):
    header = Header(
        synscope="0.1.0",
        kernel="6.18.0",
        machine="x86_64",
        started_mono_ns=1,
        started_wall_ns=2,
        command=["cat", os.fsdecode(b"na\xefve"), "ü"],
        drop_reasons={3: "NO_SOCKET"},
    )
    TraceWriter(path, header).close(Footer())
    found = read(path).header
    assert found.command == ["cat", "na\\udcefve", "ü"]
    assert found.drop_reasons == {3: "NO_SOCKET"}


def test_stacks_that_no_reader_would_take_are_left_out_aloud(path, monkeypatch):
    monkeypatch.setattr(writing, "LARGEST_META", 1000)
    stacks = {number: ["tcp_connect+0x2c1"] * 64 for number in range(20)}
    TraceWriter(path, HEADER).close(Footer(stacks=stacks, exit_status=1))
    found = read(path).footer
    assert (found.stacks, found.exit_status) == ({}, 1)
    assert found.lost == {"trace file: stacks too long": 20}
