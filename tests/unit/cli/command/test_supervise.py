import os
import signal
import subprocess
from pathlib import Path

import pytest

from synscope.cli.command.signals import Relay
from synscope.cli.command.spawn import Child, Ended
from synscope.cli.command.supervise import supervise


@pytest.fixture
def child():
    process = subprocess.Popen(["/bin/cat"], stdin=subprocess.PIPE)
    process.returncode = 0  # the one that is tested reaps it
    yield process, Child(process.pid, os.pidfd_open(process.pid))
    process.stdin.close()


def test_it_drains_until_the_command_ends_and_once_more(child):
    process, running = child
    drains = []

    def drain():
        drains.append(Path(f"/proc/{process.pid}").exists())
        if len(drains) == 3:
            process.stdin.close()

    assert supervise(running, drain, Relay()) == Ended(code=0)
    assert len(drains) >= 4


def test_a_second_ctrl_c_leaves_the_command_running(child):
    process, running = child
    relay = Relay()

    def drain():
        relay.ended = True

    assert supervise(running, drain, relay) is None
    assert os.waitpid(process.pid, os.WNOHANG) == (0, 0)
    process.stdin.close()
    assert running.wait() == Ended()


def test_an_error_while_draining_waits_for_the_command(child):
    process, running = child

    def drain():
        os.kill(process.pid, signal.SIGTERM)
        raise ValueError("drain")

    with pytest.raises(ValueError, match="drain"):
        supervise(running, drain, Relay())
    with pytest.raises(ChildProcessError):
        os.waitpid(process.pid, os.WNOHANG)
