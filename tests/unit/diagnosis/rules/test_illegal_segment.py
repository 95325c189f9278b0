import pytest

import faults
from faults import CLIENT_ISN, SERVER_ISN, codes, finding, received, rows, sent, tcp_header, trace
from synscope.events.wire import PathKind

CODE = "illegal-segment"
SERVER_PORT, CLIENT_PORT = 8080, 50164


def answered(seq=SERVER_ISN, ack=CLIENT_ISN + 1, flags=0x12, syn=b"", options=b"", **more):
    """A handshake whose answer has these numbers and options."""
    answer = tcp_header(SERVER_PORT, CLIENT_PORT, seq, ack, flags, options=options)
    events = [
        sent(21_000, options=syn),
        received(30_000, options=syn),
        rows.segment_event(PathKind.SENT, 50_000, answer, cookie=1),
        rows.segment_event(PathKind.RECEIVED, 70_000, answer, cookie=1),
    ]
    return trace([faults.listener_row(), faults.client_row(), faults.server_row()], events, **more)


def test_the_handmade_handshake_is_legal():
    assert codes(answered()) == []


def test_an_ack_of_what_was_not_sent():
    one = finding(answered(ack=CLIENT_ISN + 2), CODE)
    assert one.summary == (
        f"The server sent an illegal SYN-ACK: ack {CLIENT_ISN + 2}, the peer's ISN is {CLIENT_ISN}."
    )
    assert one.evidence[0].endswith("rule: what acknowledges a SYN acknowledges ISN + 1 (RFC 9293 3.4, 3.5)")


@pytest.mark.parametrize(
    ("option", "name"),
    [("03030700", "wscale"), ("04020000", "sack_ok"), ("080a0000000100000000", "timestamp")],
)
def test_an_option_that_was_not_offered(option, name):
    asked = bytes.fromhex(option)
    one = finding(answered(options=asked), CODE)
    assert f"{name} was not offered" in one.evidence[0]
    if name != "timestamp":
        assert codes(answered(syn=asked, options=asked)) == []


def test_a_synack_of_another_sequence():
    assert f"seq {SERVER_ISN + 9}" in finding(answered(seq=SERVER_ISN + 9), CODE).evidence[0]


def test_losses_are_a_doubt():
    one = finding(faults.lossy(answered(ack=CLIENT_ISN + 2)), CODE)
    assert one.confidence < 1 and one.counter_evidence == ()


def test_look_alikes():
    """Data in the SYN is acknowledged too; a middlebox that takes options away makes nothing illegal."""
    for other in (
        faults.healthy,
        faults.no_listener,
        faults.clamped,
        faults.resent,
        lambda: faults.fast_open("8877665544332211", taken=True),
    ):
        assert CODE not in codes(other())
