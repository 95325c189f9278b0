"""Options against bytes written by hand from the RFCs; tests/property compares with scapy."""

import pytest

from synscope.tcp.options import parse_options

LINUX_SYN = bytes.fromhex("020405b40402080a010203040000000001030307")


def test_a_linux_syn_in_wire_order() -> None:
    options = parse_options(LINUX_SYN)
    assert list(options.items()) == [
        ("mss", 1460),
        ("sack_ok", True),
        ("timestamp", {"val": 0x01020304, "ecr": 0}),
        ("wscale", 7),
    ]


@pytest.mark.parametrize(
    ("data", "expected"),
    [
        ("", {}),
        ("01010101", {}),
        ("00020405b4", {}),  # nothing counts after the end of the list
        ("2202", {"fastopen": ""}),
        ("220a0011223344556677", {"fastopen": "0011223344556677"}),
        ("fe04f989", {"fastopen": ""}),
        ("fe08f989deadbeef", {"fastopen": "deadbeef"}),
        ("fe04abcd", {"kind254": "abcd"}),
        ("fd0412345678", {"kind253": "1234", "malformed": True}),
        ("1e0c0081" + "00" * 8, {"mptcp": {"subtype": 0}}),
        ("1e0410ff", {"mptcp": {"subtype": 1}}),
        ("1d06050a0b0c", {"ao": {"keyid": 5, "rnextkeyid": 10, "mac": "0b0c"}}),
        ("1312" + "ab" * 16, {"md5": "ab" * 16}),
        ("050a0000000100000002", {"sack": [[1, 2]]}),
    ],
)
def test_each_kind(data: str, expected: dict[str, object]) -> None:
    assert parse_options(bytes.fromhex(data)) == expected


@pytest.mark.parametrize("data", ["02", "0200", "0201", "020405", "08", "fe03", "220a00"])
def test_impossible_lengths_end_the_list(data: str) -> None:
    assert parse_options(bytes.fromhex("030302" + data)) == {"wscale": 2, "malformed": True}


def test_a_wrong_length_spoils_only_its_own_option() -> None:
    assert parse_options(bytes.fromhex("020305030304")) == {"malformed": True, "wscale": 4}
