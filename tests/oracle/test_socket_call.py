"""The model of `socket()` against the kernel: every call of the IP families, and the names that it cites."""

import json
import os
import sys
from pathlib import Path

import pytest

from support import socket_calls
from support.require import NOT_ON_THIS_KERNEL, require
from synscope.kernel.btf import Btf
from synscope.live.protocols import kernel
from synscope.tcp.inetsw import REGISTRATIONS

pytestmark = pytest.mark.needs_kernel


def compare(netns, types):
    """What socket_calls.py says in the namespace."""
    source = Path(__file__).parents[2]
    environ = f"PYTHONPATH={source}/src:{source}/tests"
    return json.loads(netns.run("env", environ, sys.executable, socket_calls.__file__, *map(str, types)))


@pytest.fixture(autouse=True)
def root():
    require(os.geteuid() == 0, "needs root to have CAP_NET_RAW")


def test_the_model_is_the_kernel_for_every_call(netns):
    found = compare(netns, range(16))
    for capable in ("with", "without"):
        part = found[capable]
        assert part["net_raw"] == (capable == "with")
        assert part["calls"] == 2 * 16 * 302
        assert part["differ"] == []
        usual = {"a socket", "EACCES", "EINVAL", "EPROTONOSUPPORT", "ESOCKTNOSUPPORT"}
        assert set(part["outcomes"]) == (usual if capable == "with" else usual | {"EPERM"})


def test_what_the_namespace_permits_and_forbids_counts(netns):
    require("MPTCP" in kernel().protocols, f"{NOT_ON_THIS_KERNEL} it has no MPTCP")
    netns.run("sysctl", "-qw", "net.ipv4.ping_group_range=0 0", "net.mptcp.enabled=0")
    part = compare(netns, (1, 2))["without"]
    assert part["differ"] == []
    assert {"a socket", "ENOPROTOOPT"} <= set(part["outcomes"])
    assert "EACCES" not in part["outcomes"]


def test_the_functions_of_registered_protocols_are_the_kernels():
    have = Btf.kernel().functions
    there = [entry for entry in REGISTRATIONS if entry.name in kernel().protocols and not entry.module]
    named = {name for entry in there for name in (entry.init, entry.hash) if name}
    assert named
    assert {name for name in named if name not in have} == set()


def test_every_inet_protocol_that_the_kernel_lists_is_modelled():
    """One with a `get_port` is of IP; a new one is to be added to the table."""
    lines = Path("/proc/net/protocols").read_text().splitlines()[1:]
    known = {entry.name for entry in REGISTRATIONS}
    of_ip = {line.split()[0] for line in lines if line.split()[-2] == "y"}
    assert of_ip
    assert of_ip <= known
