"""The exported segments against tcpdump's in the same namespace, both read by tshark."""

from pathlib import Path

import pytest

from support.firewall import EVERY_SECOND, SYN, filter_rule
from support.links import linked
from support.namespaces import Namespace
from support.prelude import client, listen, say
from support.scripts import ran, running
from support.tracing import complete, of_cgroup, tracing
from support.tshark import fields, warnings
from synscope.cli.telling import connections_of
from synscope.events.trace import Trace
from synscope.export.pcapng import write

pytestmark = pytest.mark.needs_kernel

COUNT = 20
HEADER = (
    "tcp.srcport",
    "tcp.dstport",
    "tcp.seq_raw",
    "tcp.ack_raw",
    "tcp.flags",
    "tcp.window_size_value",
    "tcp.checksum",
    "tcp.options",
)
SYNS = "tcp.flags==2"


def churn(address: str, count: int) -> None:
    """Connect, accept, close by RST: `count` times."""
    listener = listen(address)
    for _ in range(count):
        active = client(address)
        active.connect(listener.getsockname())
        passive, _ = listener.accept()
        say(port=active.getsockname()[1])
        passive.close()
        active.close()


def one_pair(address: str) -> None:
    """A server that accepts one connection of its own."""
    listener, active = listen(address), client(address)
    active.connect(listener.getsockname())
    listener.accept()
    say(port=active.getsockname()[1])


def refused(address: str) -> None:
    """Nobody listens there."""
    active = client(address)
    say(code=active.connect_ex((address, 1)))


def exported(trace: Trace, path: Path) -> Path:
    path.write_bytes(b"".join(write(connections_of(trace, None), trace, lambda _: None)))
    return path


@pytest.mark.parametrize("address", ["127.0.0.1", "::1"])
def test_the_packets_are_the_captured_ones(netns, cgroup, capture, tmp_path, address):
    with capture(netns, "lo") as pcap, tracing(of_cgroup(cgroup)) as taken:
        ran(churn, address, COUNT, namespace=netns, cgroup=cgroup)
    assert complete(taken.trace)
    mine = exported(taken.trace, tmp_path / "t.pcapng")
    opening = "tcp.flags.syn==1"
    wire = fields(pcap, *HEADER, only=opening)
    assert len(wire) == 2 * COUNT
    assert fields(mine, *HEADER, only=f"tcp and {opening}") == wire
    mine_acks, acks = (fields(file, *HEADER, only="tcp.flags==0x10") for file in (mine, pcap))
    assert len(mine_acks) == COUNT
    assert set(mine_acks) <= set(acks)
    assert warnings(mine) == []


def test_analysis_agrees_with_the_isns_and_times_of_the_trace(netns, cgroup, tmp_path):
    with linked(netns) as far, tracing(of_cgroup(cgroup)) as taken:
        across(netns, far, cgroup)
    mine = exported(taken.trace, tmp_path / "t.pcapng")
    (found,) = (one for one in taken.connections() if one.client)
    syn, synack, ack = found.segments
    assert found.client and found.server and syn.sent_ns and synack.sent_ns and ack.sent_ns
    rows = fields(
        mine,
        "frame.interface_name",
        "tcp.seq_raw",
        "tcp.analysis.ack_rtt",
        "tcp.analysis.initial_rtt",
        only="tcp",
    )
    near, there = (f"netns {half.netns}" for half in (found.client, found.server))
    assert near != there
    assert [row[:2] for row in rows] == [
        (near, str(found.client.isn)),
        (there, str(found.server.isn)),
        (near, str(found.client.isn + 1)),
    ]
    assert [row[2:] for row in rows] == [
        ("", ""),
        (seconds(synack.sent_ns - syn.sent_ns), ""),
        (seconds(ack.sent_ns - synack.sent_ns), seconds(ack.sent_ns - syn.sent_ns)),
    ]
    arrived = fields(mine, "frame.interface_name", "frame.packet_id", only="not tcp")
    assert arrived == [(there, "1"), (near, "2"), (there, "3")]


def serve_one(address: str) -> None:
    """Accept one connection."""
    listener = listen(address)
    say(port=listener.getsockname()[1])
    listener.accept()[0].recv(1)


def connect_once(address: str, port: int) -> None:
    """Connect, and close."""
    active = client(address)
    active.connect((address, port))


def across(near: Namespace, far: Namespace, cgroup: Path) -> None:
    """A connection from one namespace to the other."""
    with running(serve_one, "192.0.2.2", namespace=far, cgroup=cgroup) as server:
        ran(connect_once, "192.0.2.2", server.hello["port"], namespace=near, cgroup=cgroup)
        server.rest()


def seconds(ns: int) -> str:
    return f"{ns // 10**9}.{ns % 10**9:09d}"


def test_a_syn_that_was_dropped_is_sent_again_for_tshark_too(netns, cgroup, capture, tmp_path):
    filter_rule(netns, "input", f"{SYN} {EVERY_SECOND}")
    with capture(netns, "lo") as pcap, tracing(of_cgroup(cgroup)) as taken:
        ran(one_pair, "127.0.0.1", namespace=netns, cgroup=cgroup)
    mine = exported(taken.trace, tmp_path / "t.pcapng")
    names = (*HEADER, "tcp.analysis.retransmission")
    assert fields(mine, *names, only=SYNS) == fields(pcap, *names, only=SYNS)
    (comments,) = fields(mine, "frame.comment", only="frame.number==1")
    assert "NETFILTER_DROP" in comments[0]


def test_a_refused_connection_has_its_rst(netns, cgroup, capture, tmp_path):
    with capture(netns, "lo") as pcap, tracing(of_cgroup(cgroup)) as taken:
        ran(refused, "127.0.0.1", namespace=netns, cgroup=cgroup)
    mine = exported(taken.trace, tmp_path / "t.pcapng")
    assert fields(mine, *HEADER, only="tcp") == fields(pcap, *HEADER, only="tcp")


@pytest.mark.parametrize("address", ["127.0.0.1", "::1"])
def test_record_detail_has_the_headers_that_sockets_received(netns, cgroup, capture, tmp_path, address):
    with capture(netns, "lo") as pcap, tracing(of_cgroup(cgroup, "record")) as taken:
        ran(churn, address, COUNT, namespace=netns, cgroup=cgroup)
    mine = exported(taken.trace, tmp_path / "t.pcapng")
    found, wire = fields(mine, *HEADER), fields(pcap, *HEADER, only="tcp")
    assert len(found) == 2 * COUNT
    assert set(found) <= set(wire)
