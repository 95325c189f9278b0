import socket

import pytest

from synscope.tcp.values import FORMATTERS, formatted


@pytest.mark.parametrize(
    ("kind", "value", "text"),
    [
        ("number", -1, "-1"),
        ("hex", 3264, "0xcc0"),
        ("bool", 1, "true"),
        ("jiffies", 250, "250 jiffies"),
        ("state", 2, "SYN_SENT"),
        ("state", 99, "STATE_99"),
        ("family", socket.AF_INET6, "AF_INET6"),
        ("family", 77, "77"),
        ("socket_type", socket.SOCK_STREAM | socket.SOCK_NONBLOCK, "SOCK_STREAM|SOCK_NONBLOCK"),
        ("socket_type", socket.SOCK_STREAM | socket.SOCK_CLOEXEC, "SOCK_STREAM|SOCK_CLOEXEC"),
        ("socket_flags", 0, "0"),
        ("socket_flags", socket.SOCK_CLOEXEC | 0x10, "SOCK_CLOEXEC|0x10"),
        ("file_flags", 0o2, "0"),
        ("file_flags", 0o4002, "O_NONBLOCK"),
        ("protocol", socket.IPPROTO_TCP, "IPPROTO_TCP"),
        ("synack_type", 2, "COOKIE"),
        ("sock_op", 5, "PASSIVE_ESTABLISHED_CB"),
        ("errno", 111, "ECONNREFUSED"),
        ("errno", 0, "0"),
    ],
)
def test_values_are_named(kind, value, text):
    assert formatted(kind, value) == text


def test_addresses_and_ports_are_in_network_order():
    address = int.from_bytes(socket.inet_aton("192.0.2.1"), "little")
    assert formatted("address", address) == "192.0.2.1"
    assert formatted("network_port", socket.htons(8080)) == "8080"


@pytest.mark.parametrize("kind", FORMATTERS)
@pytest.mark.parametrize("value", [0, 1, -1, 2**31, 2**63, 2**64 - 1, -(2**63)])
def test_no_value_is_too_much_for_a_formatter(kind, value):
    assert formatted(kind, value)
