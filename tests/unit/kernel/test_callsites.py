"""Calls and jumps in bytes that the GNU assembler made (`as`, `objdump -d`), at 0x1000."""

import pytest

from synscope.kernel.callsites import POINTER, calls_before, exits

START = 0x1000
FUNCTION = bytes.fromhex(
    "f30f1efa"  # 1000 endbr64
    "0f1f440000"  # 1004 nopl
    "e8f20f0000"  # 1009 call 2000
    "7402"  # 100e je 1012
    "ffd0"  # 1010 call *%rax
    "ff5020"  # 1012 call *0x20(%rax)
    "0f84e51f0000"  # 1015 je 3000
    "e8e00f0000"  # 101b call 2000
    "e9db2f0000"  # 1020 jmp 4000
    "ffe0"  # 1025 jmp *%rax
    "c3"  # 1027 ret
)


def test_the_exits_of_a_function() -> None:
    found = exits(FUNCTION, START)
    assert found.calls == (0x2000, POINTER)
    assert found.jumps == (0x3000, 0x4000, POINTER)


@pytest.mark.parametrize(("end", "target"), [(0x100E, 0x2000), (0x1012, POINTER), (0x1015, POINTER)])
def test_the_call_before_an_address(end: int, target: int) -> None:
    assert next(calls_before(FUNCTION[: end - START], end)) == target


@pytest.mark.parametrize("end", [0x1009, 0x101B, 0x1027, 0x1028])
def test_no_call_ends_elsewhere(end: int) -> None:
    assert not list(calls_before(FUNCTION[: end - START][-8:], end))


def test_bytes_that_are_no_instructions_are_passed_over() -> None:
    assert exits(b"\x06\x07" + FUNCTION, START - 2).calls == (0x2000, POINTER)


def test_nothing_is_in_nothing() -> None:
    assert exits(b"", START).calls == ()
    assert not list(calls_before(b"", START))
