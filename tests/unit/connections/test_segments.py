"""Which events are a connection's segments, and how many segments they are."""

import pytest

from rows import CLIENT_ISN, NETNS, SERVER_ISN, T0, client_row, segment_event, server_row, tcp_header, trace
from synscope.connections.build import connections
from synscope.connections.model import Segment
from synscope.events.trace import Rows
from synscope.events.wire import Fate, PathKind

SENT, RECEIVED, DROPPED = PathKind.SENT, PathKind.RECEIVED, PathKind.DROPPED
SYN = tcp_header(50164, 8080, CLIENT_ISN)
SYNACK = tcp_header(8080, 50164, SERVER_ISN, CLIENT_ISN + 1, flags=0x12)
ACK = tcp_header(50164, 8080, CLIENT_ISN + 1, SERVER_ISN + 1, flags=0x10)
DATA = tcp_header(50164, 8080, CLIENT_ISN + 1, SERVER_ISN + 1, flags=0x18)


def crossing(header: bytes, t: int) -> list[Rows]:
    """Over loopback in 3 µs."""
    return [segment_event(SENT, t, header), segment_event(RECEIVED, t + 3_000, header)]


HANDSHAKE = [*crossing(SYN, 26_000), *crossing(SYNACK, 51_000), *crossing(ACK, 72_000)]


def segments(events: list[Rows], *rows: Rows, **kw: object) -> tuple[Segment, ...]:
    (connection,) = connections(trace(rows or [client_row(), server_row()], events, **kw), limit=1)
    return connection.segments


def told(found: tuple[Segment, ...]) -> list[tuple[str, str, int | None, int | None]]:
    """(from, flags, sent, received), times in ns since T0."""
    return [
        (s.source, s.flags, s.sent_ns and s.sent_ns - T0, s.received_ns and s.received_ns - T0) for s in found
    ]


def test_the_handshake() -> None:
    found = segments(HANDSHAKE[::-1])
    assert told(found) == [
        ("client", "S", 26_000, 29_000),
        ("server", "S.", 51_000, 54_000),
        ("client", ".", 72_000, 75_000),
    ]
    assert [(s.n, s.seq, s.ack) for s in found] == [
        (1, CLIENT_ISN, None),
        (2, SERVER_ISN, CLIENT_ISN + 1),
        (3, CLIENT_ISN + 1, SERVER_ISN + 1),
    ]
    assert not any(s.retransmission or s.inferred or s.dropped for s in found)


def test_hops_are_one_segment_with_the_senders_and_the_receivers_time() -> None:
    ends = {"local": "10.0.0.1", "remote": "10.0.0.2"}
    way = {"source": "10.0.0.1", "target": "10.0.0.2"}
    clamped = tcp_header(50164, 8080, CLIENT_ISN, options=bytes.fromhex("020405b4"))
    hops = [
        segment_event(SENT, 26_000, SYN, **way, netns=1, ifindex=2),
        segment_event(RECEIVED, 27_000, SYN, **way, netns=7, ifindex=3),
        segment_event(SENT, 28_000, clamped, **way, netns=7, ifindex=4),
        segment_event(RECEIVED, 30_000, clamped, **way, netns=2, ifindex=2),
    ]
    client = client_row(**ends, netns=1)
    server = server_row(local="10.0.0.2", remote="10.0.0.1", netns=2)
    assert told(segments(hops, client, server)) == [("client", "S", 26_000, 30_000)]


def test_retransmissions_are_segments_of_their_own() -> None:
    again = tcp_header(50164, 8080, CLIENT_ISN, options=bytes.fromhex("080a0000000200000000"))
    first = tcp_header(50164, 8080, CLIENT_ISN, options=bytes.fromhex("080a0000000100000000"))
    for later in (first, again):
        found = segments([segment_event(SENT, 26_000, first), *crossing(later, 30_000)])
        assert told(found) == [("client", "S", 26_000, None), ("client", "S", 30_000, 33_000)]
        assert [s.retransmission for s in found] == [False, True]


def test_a_late_arrival_goes_with_its_own_bytes() -> None:
    first, second = (
        tcp_header(50164, 8080, CLIENT_ISN, options=bytes.fromhex(f"080a0000000{n}00000000")) for n in (1, 2)
    )
    events = [segment_event(SENT, 26_000, first), segment_event(SENT, 30_000, second)]
    events += [segment_event(RECEIVED, 34_000, first), segment_event(RECEIVED, 38_000, second)]
    assert [s[2:] for s in told(segments(events))] == [(26_000, 34_000), (30_000, 38_000)]


def test_other_connections_on_the_same_ports_are_left_out() -> None:
    other = tcp_header(50164, 8080, CLIENT_ISN + 5)
    mirror = tcp_header(8080, 50164, SERVER_ISN + 5, CLIENT_ISN + 6, flags=0x12)
    assert len(segments([*HANDSHAKE, *crossing(other, 80_000), *crossing(mirror, 81_000)])) == 3


def test_an_rst_belongs_until_the_ports_are_used_again() -> None:
    rst = tcp_header(50164, 8080, CLIENT_ISN + 9, flags=0x04)
    later = {"t0": T0 + 10**9}
    rows = [
        client_row(),
        server_row(),
        client_row(cookie=11, isn=CLIENT_ISN + 1000, peer_isn=7, **later),
        server_row(cookie=12, peer_isn=CLIENT_ISN + 1000, isn=7, **later),
    ]
    events = [*HANDSHAKE, *crossing(rst, 100_000), *crossing(rst, 10**9 + 100_000)]
    first, second = connections(trace(rows, events))
    assert [s.flags for s in first.segments] == ["S", "S.", ".", "R"]
    assert [s.flags for s in second.segments if not s.inferred] == []


def test_a_refusal() -> None:
    client = client_row(peer_isn=None, fate=Fate.FAILED, sk_err=111)
    reset = tcp_header(8080, 50164, 0, CLIENT_ISN + 1, flags=0x14)
    freed = segment_event(DROPPED, 28_500, SYN, code=3, location=0xFFFF)
    found = segments(
        [*crossing(SYN, 25_000), freed, *crossing(reset, 30_000)],
        client,
        footer={"symbols": {0xFFFF: "tcp_v4_rcv+0x12"}},
    )
    assert told(found) == [("client", "S", 25_000, 28_000), ("server", "R.", 30_000, 33_000)]
    assert found[0].dropped == "NO_SOCKET tcp_v4_rcv"


def test_what_never_reached_a_device_was_sent_when_it_was_dropped() -> None:
    events = [segment_event(DROPPED, t, SYN, code=8, location=0xABC) for t in (26_000, 30_000)]
    found = segments(events)
    assert told(found) == [("client", "S", 26_000, None), ("client", "S", 30_000, None)]
    assert [s.dropped for s in found] == ["NETFILTER_DROP 0xabc"] * 2
    assert [s.retransmission for s in found] == [False, True]


def test_buffers_purged_at_close_are_not_drops() -> None:
    purge = segment_event(DROPPED, 90_000, ACK, code=99)
    (*_, ack) = segments([*HANDSHAKE, purge], header={"drop_reasons": {99: "QUEUE_PURGE"}})
    assert ack.dropped is None


def test_data_repeats_the_ack_or_stands_for_it() -> None:
    data = [segment_event(SENT, 80_000, DATA, payload=1), segment_event(RECEIVED, 83_000, DATA, payload=1)]
    banner = tcp_header(8080, 50164, SERVER_ISN + 1, CLIENT_ISN + 1, flags=0x18)
    from_server = [segment_event(SENT, 85_000, banner, payload=1)]
    assert [s.flags for s in segments(HANDSHAKE + data + from_server)] == ["S", "S.", "."]
    assert [s.flags for s in segments(HANDSHAKE[:4] + data + from_server)] == ["S", "S.", "P."]


def test_a_wrong_ack_is_shown_because_the_isn_is_right() -> None:
    wrong = tcp_header(8080, 50164, SERVER_ISN, CLIENT_ISN + 77, flags=0x12)
    (segment,) = segments(crossing(wrong, 51_000))
    assert segment.ack == CLIENT_ISN + 77


def test_without_the_receiver_the_journey_ends_where_it_was_last_seen() -> None:
    ends = {"local": "10.0.0.1", "remote": "192.0.2.1", "netns": 1}
    way = {"source": "10.0.0.1", "target": "192.0.2.1"}
    out = [
        segment_event(SENT, 26_000, SYN, **way, netns=1),
        segment_event(RECEIVED, 27_000, SYN, **way, netns=7),
        segment_event(SENT, 28_000, SYN, **way, netns=7),
    ]
    back = segment_event(RECEIVED, 50_000, SYNACK, source="192.0.2.1", target="10.0.0.1", netns=1)
    found = segments([*out, back], client_row(**ends))
    assert told(found) == [("client", "S", 26_000, None), ("server", "S.", None, 50_000)]


def test_wrapped_sequence_numbers() -> None:
    top = 2**32 - 1
    synack = tcp_header(8080, 50164, top, 0, flags=0x12)
    ack = tcp_header(50164, 8080, 0, 0, flags=0x10)
    rows = [client_row(isn=top, peer_isn=top), server_row(isn=top, peer_isn=top)]
    events = [
        *crossing(tcp_header(50164, 8080, top), 26_000),
        *crossing(synack, 51_000),
        *crossing(ack, 72_000),
    ]
    assert [s.ack for s in segments(events, *rows)] == [None, 0, 0]


@pytest.mark.parametrize("header", [b"", SYN[:19], bytes(60)])
def test_headers_that_are_none(header: bytes) -> None:
    assert len(segments([*HANDSHAKE, segment_event(SENT, 60_000, header)])) == 3


def test_another_namespaces_loopback() -> None:
    elsewhere = [segment_event(SENT, 26_000, SYN, netns=NETNS + 1)]
    assert all(s.inferred for s in segments(elsewhere))


def test_a_segment_of_another_time_is_not_a_hop_of_this_one() -> None:
    """The first got lost, and the second was not seen where it was sent."""
    sent, came = (
        tcp_header(50164, 8080, CLIENT_ISN, options=bytes.fromhex(f"0101080a0000000{n}00000000"))
        for n in (1, 2)
    )
    found = segments([segment_event(SENT, 26_000, sent), segment_event(RECEIVED, 10**9, came)])
    assert [one[2:] for one in told(found)] == [(26_000, None), (None, 10**9)]
