"""Headers against scapy's, and flags against tcpdump's letters."""

import pytest
from scapy.layers.inet import TCP

from synscope.tcp.header import flag_letters, parse_header


def test_fields_are_those_that_scapy_wrote() -> None:
    packet = TCP(
        sport=50164, dport=8080, seq=2**32 - 1, ack=7, flags="SA", window=65483, options=[("MSS", 1460)]
    )
    header = parse_header(bytes(packet) + b"data")
    assert header is not None
    assert (header.source_port, header.target_port, header.seq, header.ack) == (50164, 8080, 2**32 - 1, 7)
    assert (header.flags, header.window, header.options) == ("S.", 65483, {"mss": 1460})


@pytest.mark.parametrize(
    ("bits", "letters"),
    [
        (2, "S"),
        (18, "S."),
        (16, "."),
        (4, "R"),
        (20, "R."),
        (24, "P."),
        (17, "F."),
        (194, "SEW"),
        (82, "S.E"),
        (0, "none"),
        (256, "e"),
    ],
)
def test_flags_as_tcpdump_writes_them(bits: int, letters: str) -> None:
    assert flag_letters(bits) == letters


def test_less_than_twenty_bytes_are_no_header() -> None:
    assert parse_header(bytes(19)) is None


def test_options_that_are_not_all_there_are_unknown() -> None:
    whole = bytes(TCP(options=[("MSS", 1460), ("WScale", 7)]))
    header = parse_header(whole[:24])
    assert header is not None
    assert header.options is None


def test_a_data_offset_within_the_header_is_malformed() -> None:
    header = parse_header(bytes(TCP(dataofs=4)))
    assert header is not None
    assert header.options == {"malformed": True}
