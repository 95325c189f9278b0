import socket

import pytest

from synscope.tcp import socket_names
from synscope.tcp.socket_names import NotANumber, family_of, protocol_of, type_of


@pytest.mark.parametrize("text", ["inet", "AF_INET", "pf_inet", "2", "0x2", " INET "])
def test_a_family_by_name_and_number(text):
    assert family_of(text) == 2


def test_a_type_with_flags():
    assert (
        type_of("stream|nonblock|SOCK_CLOEXEC")
        == socket.SOCK_STREAM | socket.SOCK_NONBLOCK | socket.SOCK_CLOEXEC
    )
    assert socket_names.type_name(1 | 0o4000 | 0x100) == "SOCK_STREAM|SOCK_NONBLOCK|0x100"


@pytest.mark.parametrize(
    ("text", "number"), [("tcp", 6), ("IPPROTO_TCP", 6), ("0", 0), ("ip", 0), ("-1", -1), ("300", 300)]
)
def test_a_protocol(text, number):
    assert protocol_of(text) == number


@pytest.mark.parametrize(
    ("of", "text", "close"),
    [
        (protocol_of, "tpc", "tcp"),
        (protocol_of, "mptpc", "mptcp"),
        (family_of, "ient", "inet"),
        (type_of, "stream|nonblok", "nonblock"),
        (type_of, "streem", "stream"),
        (protocol_of, "", ""),
        (protocol_of, "2147483648", ""),
        (protocol_of, "1.5", ""),
        (protocol_of, "9" * 5000, ""),
    ],
)
def test_what_is_neither(of, text, close):
    with pytest.raises(NotANumber) as caught:
        of(text)
    assert caught.value.close == close


@pytest.mark.parametrize(
    ("names", "prefix"),
    [(socket_names.FAMILIES, "AF_"), (socket_names.TYPES, "SOCK_"), (socket_names.PROTOCOLS, "IPPROTO_")],
)
def test_the_numbers_are_those_of_the_c_library(names, prefix):
    known = {name: getattr(socket, prefix + name) for name in names if hasattr(socket, prefix + name)}
    assert len(known) >= 4
    assert known == {name: names[name] for name in known}
