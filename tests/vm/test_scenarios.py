"""Scenarios in the lab's guests, without privileges: what others there saw, and what synscope names.

Those that no host shows are played, and one of each kind of stage (veth and nftables, TUN wires, routers).
"""

import os
import platform
import shutil
import subprocess
import sys

import pytest

from support.require import NOT_ON_THIS_KERNEL, require
from synscope.capture.file import read
from synscope.errors import Exit
from synscope.lab.stage.catalogue import scenario
from synscope.lab.stage.verdict import verdict
from vm.test_lab import MAIN, SERIES, UNPRIVILEGED

NAMES = ("memory-limit", "healthy-delayed-netem", "syn-dropped-forward", "syn-lost")


def play(*words: str) -> "subprocess.CompletedProcess[str]":
    require(platform.machine() == "x86_64", f"{NOT_ON_THIS_KERNEL} Debian's kernels here are for x86_64")
    require(shutil.which("qemu-system-x86_64"), "missing: qemu-system-x86_64. Try: make test")
    prefix = UNPRIVILEGED if os.geteuid() == 0 else []
    command = [*prefix, sys.executable, "-c", MAIN, "scenario", "run", *words]
    environ = os.environ | {"PYTHONPATH": os.pathsep.join(sys.path)}
    return subprocess.run(command, capture_output=True, text=True, env=environ, timeout=600, check=False)


@pytest.mark.parametrize("series", SERIES)
@pytest.mark.parametrize("name", NAMES)
def test_the_fault_happens_and_is_named(series, name, tmp_path):
    done = play("--kernel", series, "-o", str(tmp_path / "trace.syn"), name)
    assert done.returncode == 0, done.stderr
    witnesses = [line for line in done.stdout.splitlines() if line.startswith(" Witness: ")]
    assert witnesses and not any("not as it should be" in line for line in witnesses)
    trace = read(tmp_path / "trace.syn")
    assert trace.header.kernel.startswith(f"{series}.") and trace.header.lab
    assert verdict(trace, None)[:1] == scenario(name).findings[:1]


def test_the_rule_that_dropped_is_named():
    done = play("--kernel", SERIES[-1], "syn-dropped-output")
    words = " ".join(done.stdout.split())
    assert 'table inet rule1, chain output, `tcp dport 8080 counter name "rule1" drop`' in words


def test_what_needs_a_machine_of_its_own_goes_to_the_lab_by_itself():
    done = play("memory-limit")
    assert done.returncode == Exit.OK, done.stderr
    assert "memory-limit is played in a virtual machine: it sets what all of a machine shares" in done.stderr
