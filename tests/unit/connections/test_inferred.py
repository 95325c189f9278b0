"""What record detail may say of segments, and what it may not."""

from rows import CLIENT_ISN, SERVER_ISN, SYNACK_OPTIONS, T0, client_row, server_row, tcp_header
from synscope.connections.inferred import inferred_segments
from synscope.connections.rows import HalfRow, half_row
from synscope.events.wire import HalfFlag

SYNACK = tcp_header(8080, 50164, SERVER_ISN, CLIENT_ISN + 1, flags=0x12, window=65483, options=SYNACK_OPTIONS)
ACK = tcp_header(50164, 8080, CLIENT_ISN + 1, SERVER_ISN + 1, flags=0x10, window=512)


def client(**kw: object) -> HalfRow:
    return half_row(client_row(**kw)[0])


def server(**kw: object) -> HalfRow:
    return half_row(server_row(**kw)[0])


def test_headers_give_windows_and_options() -> None:
    found = inferred_segments(client(header=SYNACK), server(header=ACK))
    assert [(s.n, s.flags, s.seq, s.ack, s.window) for s in found] == [
        (1, "S", CLIENT_ISN, None, None),
        (2, "S.", SERVER_ISN, CLIENT_ISN + 1, 65483),
        (3, ".", CLIENT_ISN + 1, SERVER_ISN + 1, 512),
    ]
    assert all(s.inferred for s in found)
    assert found[0].options is None
    assert found[1].options == {
        "mss": 65495,
        "sack_ok": True,
        "timestamp": {"val": 16, "ecr": 1},
        "wscale": 7,
    }
    assert [(s.sent_ns, s.received_ns) for s in found] == [
        (T0 + 25_000, None),
        (T0 + 50_000, T0 + 70_000),
        (None, T0 + 80_000),
    ]


def test_an_unanswered_syn_is_all_there_is() -> None:
    alone = client(peer_isn=None, t={"connect": 1, "syn_out": 2})
    assert [(s.flags, s.seq) for s in inferred_segments(alone, None)] == [("S", CLIENT_ISN)]


def test_no_syn_no_segment() -> None:
    assert inferred_segments(client(isn=None, peer_isn=None, t={"connect": 1}), None) == []


def test_a_server_alone_proves_the_syn_that_it_answered() -> None:
    found = inferred_segments(None, server())
    assert [(s.source, s.flags, s.seq, s.sent_ns) for s in found] == [
        ("client", "S", CLIENT_ISN, None),
        ("server", "S.", SERVER_ISN, T0 + 50_000),
    ]


def test_a_header_that_is_not_the_synacks_is_not_used() -> None:
    for header in (ACK, SYNACK[:10], tcp_header(8080, 50164, 5, 6, flags=0x12)):
        (_, synack) = inferred_segments(client(header=header), None)
        assert (synack.flags, synack.seq, synack.window) == ("S.", SERVER_ISN, None)


def test_data_in_the_syn_leaves_its_acknowledgement_open() -> None:
    (_, synack) = inferred_segments(client(flags=HalfFlag.TFO), None)
    assert synack.ack is None


def test_the_final_ack_of_a_client_that_was_seen_to_send_it() -> None:
    times = {"connect": 1, "syn_out": 2, "synack_in": 3, "ack_out": 4, "established": 3}
    (*_, ack) = inferred_segments(client(t=times), None)
    assert (ack.flags, ack.seq, ack.ack, ack.sent_ns) == (".", CLIENT_ISN + 1, SERVER_ISN + 1, T0 + 4)
