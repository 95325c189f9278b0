"""Options: any bytes end well, and what scapy writes is read as scapy meant it."""

from hypothesis import given
from hypothesis import strategies as st
from scapy.layers.inet import TCP

from synscope.tcp.header import parse_header
from synscope.tcp.options import parse_options

U32 = st.integers(0, 2**32 - 1)
COOKIES = st.sampled_from([0, 4, 8, 16]).flatmap(lambda size: st.binary(min_size=size, max_size=size))

# (scapy's option, our name, our value); together at most 40 bytes (RFC 9293 section 3.1).
OPTIONS = st.one_of(
    st.integers(0, 65535).map(lambda mss: (("MSS", mss), "mss", mss)),
    st.integers(0, 255).map(lambda shift: (("WScale", shift), "wscale", shift)),
    st.just((("SAckOK", b""), "sack_ok", True)),
    st.tuples(U32, U32).map(lambda ts: (("Timestamp", ts), "timestamp", {"val": ts[0], "ecr": ts[1]})),
    st.tuples(U32, U32).map(lambda edges: (("SAck", edges), "sack", [list(edges)])),
    COOKIES.map(lambda cookie: ((34, cookie), "fastopen", cookie.hex())),
    st.just((("NOP", None), None, None)),
)


@given(st.binary(max_size=60))
def test_any_bytes_end(data: bytes) -> None:
    parse_options(data)
    parse_header(data)


@given(st.lists(OPTIONS, max_size=4))
def test_what_scapy_writes_is_read_back(
    chosen: list[tuple[tuple[object, object], str | None, object]],
) -> None:
    written = [option for option, _, _ in chosen]
    packet = bytes(TCP(options=written))
    header = parse_header(packet)
    assert header is not None
    if len(packet) > 60:
        return  # more than a header can hold: its length field has wrapped
    assert header.options == {name: value for _, name, value in chosen if name is not None}
