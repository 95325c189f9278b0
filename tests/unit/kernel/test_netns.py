import os
import subprocess
from contextlib import contextmanager
from pathlib import Path

import pytest

from support.require import require
from synscope.errors import Exit, SynscopeError
from synscope.kernel.netns import own, resolve

OWN = Path("/proc/self/ns/net")


@pytest.fixture
def named(tmp_path):
    """A directory like /run/netns, in which `blue` is this process's own namespace."""
    (tmp_path / "blue").symlink_to(OWN)
    return tmp_path


def test_own_is_what_the_link_says():
    assert OWN.readlink() == Path(f"net:[{own()}]")


@pytest.mark.parametrize(
    "text", ["blue", str(OWN), f"{OWN.parent}/./net", str(os.getpid()), str(OWN.readlink())]
)
def test_ways_to_name_ones_own(named, text):
    assert resolve(text, named) == own()


def test_a_number_above_all_processes_is_the_namespace_itself(named):
    assert resolve("4026531840", named) == 4026531840
    assert resolve("net:[4026532008]", named) == 4026532008


def test_a_name_is_tried_before_a_process(named):
    (named / "4194303").symlink_to(OWN)
    assert resolve("4194303", named) == own()


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("red", "neither a process nor a path"),
        ("", "neither a process nor a path"),
        (".", "neither a process nor a path"),
        ("-1", "neither a process nor a path"),
        ("٣", "neither a process nor a path"),
        ("4194304", "no process 4194304"),
        ("9999999999", "no process 9999999999"),
        ("/nowhere", "No such file"),
        ("/dev/null", "not a network namespace"),
        ("/proc/self/ns/mnt", "not a network namespace"),
        ("/etc/hostname", "not a network namespace"),
    ],
)
def test_what_is_none_is_refused(named, text, why):
    with pytest.raises(SynscopeError) as caught:
        resolve(text, named)
    assert why in caught.value.why
    assert caught.value.code == Exit.USAGE
    assert caught.value.remedy


@pytest.mark.needs_kernel
def test_another_namespace(netns):
    assert resolve(netns.name) == netns.inum != own()
    assert resolve(f"/run/netns/{netns.name}") == netns.inum
    command = netns.enter("sh", "-c", "echo ready; read line")
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as process:
        assert process.stdout.readline() == b"ready\n"
        assert resolve(str(process.pid)) == netns.inum
        process.communicate(b"\n")


@pytest.mark.needs_kernel
def test_a_process_that_one_may_not_look_at():
    require(os.geteuid() == 0, "needs root to act as another user")
    with pytest.raises(SynscopeError) as caught, as_nobody():
        resolve("1")
    assert caught.value.code == Exit.NOT_PERMITTED


@contextmanager
def as_nobody():
    os.seteuid(65534)
    try:
        yield
    finally:
        os.seteuid(0)
