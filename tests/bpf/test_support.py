"""The fixtures themselves: what every test of the running kernel stands on."""

import errno
import os
import subprocess
from pathlib import Path

import pytest
from scapy.layers.inet import TCP
from scapy.utils import rdpcap

from support.capture import SENTINEL
from support.namespaces import child_cgroup, network_namespace
from support.require import require

pytestmark = pytest.mark.needs_kernel


def test_a_connection_in_a_namespace_is_captured_whole(netns, capture, server, client):
    with capture(netns, "lo") as pcap:
        listening = server(count=3, namespace=netns)
        calling = client("127.0.0.1", listening.port, 3, namespace=netns)
        calls, accepts = calling.read(3), listening.read(3)
        assert calling.finish() == 0
        assert listening.finish() == 0
    syns = [packet[TCP].sport for packet in rdpcap(str(pcap)) if TCP in packet and packet[TCP].flags == "S"]
    assert syns == [report["port"] for report in calls] == [report["peer_port"] for report in accepts]
    assert SENTINEL in pcap.read_bytes()


def test_reports_name_the_process_itself(netns, server, client):
    listening = server(namespace=netns)
    assert listening.hello["pid"] == listening.process.pid
    calling = client("127.0.0.1", listening.port, namespace=netns)
    assert calling.read(1)[0]["pid"] == calling.process.pid != listening.hello["pid"]
    assert listening.read(1)[0]["tid"] == listening.process.pid


def test_a_refused_connection_reports_its_errno(netns, client):
    assert client("127.0.0.1", 1, namespace=netns).read(1)[0]["errno"] == errno.errorcode[errno.ECONNREFUSED]


def test_ipv6_and_a_chosen_source_port(netns, server, client):
    listening = server("::1", namespace=netns)
    calling = client("::1", listening.port, 1, 4321, namespace=netns)
    assert calling.read(1)[0]["port"] == 4321
    assert listening.read(1)[0]["peer_address"] == "::1"


def test_processes_start_in_the_cgroup(netns, cgroup, client):
    calling = client("127.0.0.1", 1, namespace=netns, cgroup=cgroup)
    assert (cgroup / "cgroup.procs").read_text().split() == [str(calling.hello["pid"])]


def test_the_namespace_number_is_the_one_that_processes_see(netns):
    assert netns.run("stat", "-Lc%i", "/proc/self/ns/net").strip() == str(netns.inum)


def test_a_failing_block_leaves_nothing_behind():
    require(os.geteuid() == 0, "needs root")
    with pytest.raises(ZeroDivisionError), network_namespace() as space, child_cgroup() as cgroup:
        child = subprocess.Popen(["sleep", "60"])
        (cgroup / "cgroup.procs").write_text(str(child.pid))
        raise ZeroDivisionError
    assert child.wait(5) == -9
    assert not cgroup.exists()
    assert not Path("/run/netns", space.name).exists()
