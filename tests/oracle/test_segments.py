"""Segments against tcpdump in the same namespace, parsed by scapy."""

from collections.abc import Iterable

import pytest

from support.firewall import EVERY_SECOND, SYN, SYN_ACK, filter_rule
from support.pcap import Packet, packets
from support.prelude import client, hear, listen, name, say
from support.scripts import ran, running
from support.tracing import complete, of_cgroup, tracing
from synscope.connections.model import Connection, Segment

pytestmark = pytest.mark.needs_kernel

COUNT = 200
HANDSHAKE = ("S", "S.", ".")
SEQUENCE = 2**32


def churn(address: str, count: int) -> None:
    """Connect, accept, exchange a byte, close: `count` times."""
    listener = listen(address)
    for _ in range(count):
        active = client(address)
        active.connect(listener.getsockname())
        passive, _ = listener.accept()
        active.send(b"x")
        passive.recv(1)
        say(port=active.getsockname()[1], peer_port=listener.getsockname()[1])
        active.close()
        passive.close()


def one(address: str, port: int) -> None:
    """Connect to a port; say which error came of it, and close when told."""
    active = client(address)
    code = active.connect_ex((address, port))
    say(errno=name(code), port=active.getsockname()[1])


def one_pair(address: str) -> None:
    """A server that accepts one connection of its own."""
    listener, active = listen(address), client(address)
    active.connect(listener.getsockname())
    passive, _ = listener.accept()
    say(port=active.getsockname()[1], peer_port=listener.getsockname()[1])
    hear()
    passive.close()


def crowd(address: str) -> None:
    """Fill the accept queue of one place (a limit of 0 takes one), then one connect() too many."""
    listener = listen(address, backlog=0)
    first, second = client(address), client(address)
    first.connect(listener.getsockname())
    second.setblocking(False)
    second.connect_ex(listener.getsockname())
    say(port=second.getsockname()[1], peer_port=listener.getsockname()[1])
    hear()
    listener.accept()
    second.setblocking(True)
    say(sent=second.send(b"x"))


def by_ports(captured: Iterable[Packet]) -> dict[tuple[int, int], list[Packet]]:
    """Packets by client and server port; a client speaks first."""
    flows: dict[tuple[int, int], list[Packet]] = {}
    for packet in captured:
        back = packet.ends[::-1]
        flows.setdefault(back if back in flows else packet.ends, []).append(packet)
    return flows


def handshake(flow: list[Packet]) -> list[Packet]:
    """The SYN, the SYN-ACK and the first ACK without data of a flow without retransmissions."""
    return [next(packet for packet in flow if packet.flags == flags) for flags in HANDSHAKE]


def facts(segment: Segment) -> tuple[object, ...]:
    return segment.flags, segment.seq, segment.ack, segment.window, segment.options


def wire_facts(packet: Packet) -> tuple[object, ...]:
    return packet.flags, packet.seq, packet.ack, packet.window, packet.options


def ports(connection: Connection) -> tuple[int | None, int | None]:
    assert connection.client and connection.server, connection
    return connection.client.port, connection.server.port


@pytest.mark.parametrize("address", ["127.0.0.1", "::1"])
def test_every_segment_of_the_handshake_is_the_captured_one(netns, cgroup, capture, address):
    with capture(netns, "lo") as pcap, tracing(of_cgroup(cgroup)) as taken:
        reports = ran(churn, address, COUNT, namespace=netns, cgroup=cgroup)
    flows, found = by_ports(packets(pcap)), taken.connections()
    assert complete(taken.trace)
    assert [ports(one) for one in found] == [(report["port"], report["peer_port"]) for report in reports]
    assert len({ports(one) for one in found}) == COUNT
    for connection in found:
        wire = handshake(flows[ports(connection)])
        assert [facts(segment) for segment in connection.segments] == [wire_facts(packet) for packet in wire]
        times = [t for segment in connection.segments for t in (segment.sent_ns, segment.received_ns)]
        assert None not in times
        assert times == sorted(times)  # type: ignore[type-var]
        assert not any(segment.retransmission or segment.dropped for segment in connection.segments)


@pytest.mark.parametrize("detail", ["record", "path"])
@pytest.mark.parametrize("address", ["127.0.0.1", "::1"])
def test_isns_are_those_on_the_wire(netns, cgroup, capture, address, detail):
    with capture(netns, "lo") as pcap, tracing(of_cgroup(cgroup, detail)) as taken:
        ran(churn, address, COUNT, namespace=netns, cgroup=cgroup)
    flows, found = by_ports(packets(pcap)), taken.connections()
    assert len(found) == COUNT
    for connection in found:
        syn, synack, ack = handshake(flows[ports(connection)])
        assert connection.client and connection.server
        assert (connection.client.isn, connection.server.isn) == (syn.seq, synack.seq)
        assert (synack.ack, ack.ack) == ((syn.seq + 1) % SEQUENCE, (synack.seq + 1) % SEQUENCE)
        assert [segment.ack for segment in connection.segments] == [None, synack.ack, ack.ack]


@pytest.mark.parametrize("address", ["127.0.0.1", "::1"])
def test_what_record_detail_infers_is_what_was_on_the_wire(netns, cgroup, capture, address):
    with capture(netns, "lo") as pcap, tracing(of_cgroup(cgroup, "record")) as taken:
        ran(churn, address, COUNT, namespace=netns, cgroup=cgroup)
    flows, found = by_ports(packets(pcap)), taken.connections()
    assert complete(taken.trace)
    assert len(found) == COUNT
    for connection in found:
        wire = handshake(flows[ports(connection)])
        syn, synack, ack = connection.segments
        assert all(segment.inferred for segment in connection.segments)
        assert (syn.flags, syn.seq, syn.ack) == (wire[0].flags, wire[0].seq, wire[0].ack)
        assert [facts(synack), facts(ack)] == [wire_facts(packet) for packet in wire[1:]]


DROPS = {"S": SYN, "S.": SYN_ACK}


@pytest.mark.parametrize("lost", list(DROPS))
def test_retransmissions_are_marked_and_counted(netns, cgroup, capture, lost):
    filter_rule(netns, "input", f"{DROPS[lost]} {EVERY_SECOND}")
    with capture(netns, "lo") as pcap, tracing(of_cgroup(cgroup)) as taken:
        ran(one_pair, "127.0.0.1", namespace=netns, cgroup=cgroup)
    flow, connection = by_ports(packets(pcap)), taken.only()
    wire = [packet for packet in flow[ports(connection)] if packet.flags in ("S", "S.")]
    mine = [segment for segment in connection.segments if segment.flags in ("S", "S.")]
    assert [facts(segment) for segment in mine] == [wire_facts(packet) for packet in wire]
    counted = dict.fromkeys(("S", "S."), 0)
    for segment, packet in zip(mine, wire, strict=True):
        assert segment.retransmission == (counted[packet.flags] > 0)
        counted[packet.flags] += 1
    assert connection.client and connection.server
    assert connection.client.retransmits == counted["S"] - 1
    assert connection.server.retransmits == counted["S."] - 1
    thrown = ["NETFILTER_DROP" in (segment.dropped or "") for segment in mine if segment.flags == lost]
    assert thrown == [at % 2 == 0 for at in range(counted[lost])]
    assert not any("NETFILTER" in (segment.dropped or "") for segment in mine if segment.flags != lost)


def test_a_syn_lost_to_a_full_accept_queue_is_retransmitted(netns, cgroup, capture):
    netns.run("sysctl", "-qw", "net.ipv4.tcp_syncookies=0")
    with (
        capture(netns, "lo") as pcap,
        tracing(of_cgroup(cgroup)) as taken,
        running(crowd, "127.0.0.1", namespace=netns, cgroup=cgroup) as script,
    ):
        port = script.hello["port"]
        assert script.ask()["sent"] == 1
    connection = next(one for one in taken.connections() if one.client and one.client.port == port)
    wire = [packet for packet in packets(pcap) if packet.flags == "S" and packet.source[1] == port]
    syns = [segment for segment in connection.segments if segment.flags == "S"]
    assert len(wire) > 1
    assert [facts(segment) for segment in syns] == [wire_facts(packet) for packet in wire]
    assert [segment.retransmission for segment in syns] == [False] + [True] * (len(wire) - 1)
    assert connection.client and connection.client.retransmits == len(wire) - 1


@pytest.mark.parametrize("address", ["127.0.0.1", "::1"])
def test_a_refused_connection_shows_the_rst(netns, cgroup, capture, address):
    with capture(netns, "lo") as pcap, tracing(of_cgroup(cgroup)) as taken:
        (report,) = ran(one, address, 1, namespace=netns, cgroup=cgroup)
    connection = taken.only()
    wire = by_ports(packets(pcap))[report["port"], 1]
    assert [packet.flags for packet in wire] == ["S", "R."]
    assert [facts(segment) for segment in connection.segments] == [wire_facts(packet) for packet in wire]
    assert connection.segments[1].source == "server"
    assert connection.outcome == "refused"
