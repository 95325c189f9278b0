import pytest
from hypothesis import given
from hypothesis import strategies as st

import rows
from synscope.export.redaction.segments import redacted
from synscope.tcp.header import parse_header

MSS, TIMESTAMP = bytes([2, 4, 5, 180]), bytes([8, 10, *range(8)])


def after(options):
    header = rows.tcp_header(1, 2, 3, options=options)
    return redacted(header.ljust(60, b"\xff"), len(header))[20 : 20 + len(options)]


@pytest.mark.parametrize("options", [MSS, TIMESTAMP, b"\1\1" + MSS, bytes([254, 4, 0xF9, 0x89])])
def test_what_tells_no_address_stays(options):
    assert after(options) == options


@pytest.mark.parametrize(
    "options",
    [bytes([30, 8, 0x31, 7, 10, 1, 2, 3]), bytes([253, 8, 1, 2, 10, 1, 2, 3]), bytes([77, 6, 10, 1, 2, 3])],
)
def test_an_option_that_may_becomes_zeros(options):
    assert after(MSS + options) == MSS + options[:2] + bytes(len(options) - 2)


def test_an_option_of_mptcp_without_address_stays():
    assert after(bytes([30, 4, 0x01, 0x81])) == bytes([30, 4, 0x01, 0x81])


@given(st.binary(min_size=60, max_size=60), st.integers(0, 255))
def test_whatever_the_bytes_are(header, length):
    made = redacted(header, length)
    assert len(made) == 60
    assert made[16:18] == b"\0\0"
    assert not any(made[min(length, 60) :])
    assert redacted(made, length) == made


def test_the_fields_are_the_same():
    header = rows.tcp_header(50164, 8080, 77, ack=99, flags=0x12, options=MSS)
    assert parse_header(redacted(header, len(header))) == parse_header(header)
