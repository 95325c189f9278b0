import pytest

from synscope.connections.arguments import Spelling
from synscope.kernel.prototypes import Function, Parameter
from traced import BOOL, INT, POINTER, SK, VOID, function, number

ERR_PTR = -101 & (2**64 - 1)


def spelt(made, *registers, reasons=None):
    return Spelling([made], reasons or {}).arguments(0, [*registers, *[0] * (6 - len(registers))])


def returned(kind, value, reasons=None):
    return Spelling([Function("f", [], kind)], reasons or {}).returned(0, value)


def test_what_the_catalogue_knows_is_named():
    assert spelt(function("tcp_set_state", SK, number("state")), 0xFFFF888000000000, 2) == {
        "state": "SYN_SENT"
    }


def test_a_formatter_goes_with_the_name_of_the_parameter_wherever_that_stands():
    moved = function(
        "__tcp_v4_send_check", Parameter("skb", "struct sk_buff *"), number("daddr", "__be32", 4, False)
    )
    assert spelt(moved, 1, 0x0100007F) == {"daddr": "127.0.0.1"}


def test_only_the_bytes_that_the_parameter_has_count():
    assert spelt(function("f", number("n")), 0xDEADBEEF_FFFFFFFF) == {"n": "-1"}
    assert spelt(function("f", number("n", "u16", 2, False)), 0xDEADBEEF_0001FFFF) == {"n": "65535"}
    assert spelt(function("f", number("yes", "bool", 1, False)), 0xAB00) == {"yes": "false"}


def test_pointers_are_not_told():
    assert spelt(function("f", SK, Parameter("done", "void (*)(struct sock *)")), 1, 2) == {}


def test_numbers_of_the_network_are_told_as_people_write_them():
    made = function("f", number("port", "const __be16", 2, False), number("saddr", "__be32", 4, False))
    assert spelt(made, 0x901F, 0x0100007F) == {"port": "8080", "saddr": "127.0.0.1"}


def test_the_reasons_of_drops_are_the_traces_own():
    made = function("sk_skb_reason_drop", SK, SK, number("reason", "enum skb_drop_reason", 4, False))
    assert spelt(made, 0, 0, 3, reasons={3: "NO_SOCKET"}) == {"reason": "NO_SOCKET"}
    assert spelt(made, 0, 0, 3) == {"reason": "3"}


def test_without_a_prototype_nothing_is_told():
    unknown = Spelling([Function("f")], {})
    assert unknown.arguments(0, [1] * 6) is None and unknown.returned(0, 1) is None


@pytest.mark.parametrize(
    ("kind", "value", "text"),
    [
        (INT, 0, "0"),
        (INT, 0xFFFFFFFF_FFFFFF91, "-ECONNREFUSED"),
        (INT, 0x00000000_FFFFFF91, "-ECONNREFUSED"),
        (INT, -111, "-ECONNREFUSED"),
        (INT, -5000, "-5000"),
        (number("", "unsigned int", 4, False), 0xFFFFFF91, "4294967185"),
        (number("", "long int", 8), -99, "-EADDRNOTAVAIL"),
        (BOOL, 0xAB01, "true"),
        (BOOL, 0xAB00, "false"),
        (VOID, 12345, None),
        (POINTER, 0, "NULL"),
        (POINTER, ERR_PTR, "-ENETUNREACH"),
        (POINTER, -101, "-ENETUNREACH"),
        (POINTER, 0xFFFF888012345678, "0xffff888012345678"),
        (number("", "void *", 8, False), 0, "NULL"),
        (number("", "union tcp_seq_and_ts_off", 8, False), 7, None),
        (None, 7, None),
    ],
)
def test_return_values(kind, value, text):
    assert returned(kind, value) == text


def test_a_reason_that_is_returned_is_named():
    assert returned(number("", "enum skb_drop_reason", 4, False), 3, {3: "NO_SOCKET"}) == "NO_SOCKET"


@pytest.mark.parametrize("size", [0, 1, 3, 8, 16, 255])
def test_a_size_that_no_register_has_does_no_harm(size):
    assert spelt(function("f", number("n", "int", size)), 2**64 - 1)["n"] == "-1"
