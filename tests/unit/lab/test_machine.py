"""A Python script stands for QEMU: it finds its files in its command line, as QEMU does."""

import os
import select
import sys
from pathlib import Path

import pytest

from synscope.errors import Exit, SynscopeError
from synscope.lab.machine import GuestError, Machine, Saved
from synscope.lab.messages import PAIR, Outcome, Ready

FAKE = """#!{python}
import json, os, re, socket, subprocess, sys
sys.path[:0] = {path!r}
from synscope.lab import mailbox
from synscope.lab.messages import *

words = " ".join(sys.argv)
def path(kind): return re.search(kind + r".*?path=([^, ]+)", words)[1]
control = socket.socket(fileno=int(re.search(r"id=qmp,fd=(\\d+)", words)[1]))
lines = control.makefile("r")
open({pid!r}, "w").write(str(os.getpid()))
def say(**message): control.sendall(json.dumps(message).encode() + b"\\n")
def event(name, **data): say(event=name, data=data)
def console(text): open(path("id=console"), "a").write(text)
def put(message):
    with open(path("id=mailbox"), "r+b") as box: box.write(mailbox.packed(message))
def order():
    content = open(path("id=mailbox"), "rb").read(1 << 16)
    return mailbox.from_host(content[: mailbox.length(content[: mailbox.HEAD])])
def migrated(uri):
    done = subprocess.run(["sh", "-c", uri.removeprefix("exec:")], input=b"devices", stdout=subprocess.PIPE)
    event("MIGRATION", status="setup")
    event("MIGRATION", status="failed" if done.returncode else "completed")
say(QMP=dict(version=dict(qemu=dict(major=7, minor=2, micro=22))))
for line in lines:
    request = json.loads(line)
    say(**{{"return": {{}}}})
    name = request["execute"]
    if name.startswith("migrate") and "uri" in request["arguments"]: migrated(request["arguments"]["uri"])
    if name == "cont":
        event("RESUME")
{cont}
"""
STOPS = """
        put({message})
        event("GUEST_PANICKED", action="pause")
        event("STOP")
"""


@pytest.fixture
def install(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    """Put a QEMU that does `cont` when it is to go on where it is found; the file with its pid."""
    pid = tmp_path / "pid"

    def put(cont: str) -> Path:
        program = tmp_path / "qemu-system-x86_64"
        program.write_text(FAKE.format(python=sys.executable, path=sys.path, pid=str(pid), cont=cont))
        program.chmod(0o755)
        monkeypatch.setenv("PATH", f"{tmp_path}:{os.environ['PATH']}")
        return pid

    return put


def ends(pid: int, timeout: float = 10.0) -> bool:
    """Whether a process that was killed has ended, or does so."""
    try:
        watched = os.pidfd_open(pid)
    except ProcessLookupError:
        return True
    ready, _, _ = select.select([watched], [], [], timeout)
    os.close(watched)
    return bool(ready)


def test_a_message_is_taken_when_the_machine_stands_still(install):
    pid = install(STOPS.format(message="Ready(b'symbols', b'types')"))
    with Machine([]) as machine:
        machine.go_on()
        assert machine.message(10, Ready) == Ready(b"symbols", b"types")
        assert machine.version == "7.2.22"
    assert ends(int(pid.read_text()))


def test_an_order_is_put_where_the_guest_reads_it(install):
    install(STOPS.format(message="Outcome(int(order() == PAIR), b'', b'', b'')"))
    with Machine([]) as machine:
        machine.go_on(PAIR)
        assert machine.message(10, Outcome).status == 1


def test_a_panic_is_told_with_what_the_console_said_before_it(install):
    install('        console("it begins\\n[1.0] Kernel panic - not syncing: x\\nRAX: 0\\n"); sys.exit(1)')
    with Machine([]) as machine, pytest.raises(GuestError, match="has ended") as caught:
        machine.go_on()
        machine.message(10, Ready)
    assert caught.value.console == ["it begins", "[1.0] Kernel panic - not syncing: x"]


def test_one_that_hangs_is_ended_after_its_limit(install):
    pid = install('        console("last words\\n")')
    with Machine([]) as machine, pytest.raises(GuestError, match="hangs") as caught:
        machine.go_on()
        machine.message(0.5, Ready)
    assert caught.value.console == ["last words"]
    assert ends(int(pid.read_text()))


def test_a_log_that_grows_and_grows_is_ended(install, monkeypatch):
    monkeypatch.setattr("synscope.lab.machine.LARGEST_LOG", 1000)
    monkeypatch.setattr("synscope.lab.machine.LOOK_S", 0.01)
    install('        open(re.search("-D ([^ ]+)", words)[1], "w").write("x" * 2000)')
    with Machine([]) as machine, pytest.raises(SynscopeError, match="Try: --detail path"):
        machine.go_on()
        machine.message(10, Ready)


def test_what_the_guest_cannot_do_is_told_in_its_words(install):
    install(STOPS.format(message="Failed('cannot run x', 'it is not there', 'y', 127)"))
    with (
        Machine([]) as machine,
        pytest.raises(GuestError, match="cannot run x: it is not there") as it,
    ):
        machine.go_on()
        machine.message(10, Outcome)
    assert it.value.code == Exit.NOT_FOUND


def test_a_message_out_of_turn_is_an_error(install):
    install(STOPS.format(message="Outcome(0, b'', b'', b'')"))
    with Machine([]) as machine, pytest.raises(GuestError, match="out of step: it said Outcome"):
        machine.go_on()
        machine.message(10, Ready)


def test_a_message_that_is_none_is_an_error(install):
    install(STOPS.replace("put({message})", 'open(path("id=mailbox"), "r+b").write(b"\\x09" * 99)'))
    with Machine([]) as machine, pytest.raises(GuestError, match="out of step"):
        machine.go_on()
        machine.message(10, Ready)


def test_its_state_is_kept_and_found_again(install, tmp_path):
    install("")
    saved = Saved(tmp_path / "it's devices", tmp_path / "ram")
    with Machine([]) as machine:
        machine.save(saved)
    assert saved.devices.read_bytes() == b"devices"
    assert not any(saved.ram.read_bytes())
    with Machine([], saved=saved):
        pass


def test_a_snapshot_that_cannot_be_written_is_told(install, tmp_path):
    install("")
    with Machine([]) as machine, pytest.raises(SynscopeError, match=r"cannot keep a snapshot: .*nowhere"):
        machine.save(Saved(tmp_path / "nowhere" / "devices", tmp_path / "ram"))


def test_a_snapshot_that_cannot_be_read_is_told(install, tmp_path):
    install("")
    machine = Machine([], saved=Saved(tmp_path / "nowhere", tmp_path / "ram"))
    with pytest.raises(SynscopeError, match=r"cannot restore .* Try: rm -r"), machine:
        pass


def test_no_qemu_is_told_with_what_installs_it(monkeypatch):
    monkeypatch.setenv("PATH", "/nowhere")
    with (
        pytest.raises(
            SynscopeError, match=r"no qemu-system-x86_64. Try: sudo apt-get install qemu-system-x86"
        ),
        Machine([]),
    ):
        pass


def test_a_qemu_that_does_not_start_is_told_with_its_words(tmp_path, monkeypatch):
    program = tmp_path / "qemu-system-x86_64"
    program.write_text("#!/bin/sh\necho 'qemu: unknown option -icount' >&2\nexit 1\n")
    program.chmod(0o755)
    monkeypatch.setenv("PATH", f"{tmp_path}:{os.environ['PATH']}")
    with pytest.raises(SynscopeError, match="does not start: qemu: unknown option -icount"), Machine([]):
        pass


def test_it_dies_with_the_process_that_started_it(install, tmp_path):
    pid = install("")
    script = f"""
import sys; sys.path[:0] = {sys.path!r}
import os
from synscope.lab.machine import Machine
with Machine([]): os.kill(os.getpid(), 9)
"""
    os.waitpid(os.spawnl(os.P_NOWAIT, sys.executable, sys.executable, "-c", script), 0)
    assert ends(int(pid.read_text()))


def test_no_descriptor_is_left(install):
    install("")
    before = len(list(Path("/proc/self/fd").iterdir()))
    with Machine([]):
        pass
    assert len(list(Path("/proc/self/fd").iterdir())) == before
