"""Ways of jumps through a text made for the test: each function is a line of calls and jumps."""

import struct

import pytest

from synscope.kernel.callsites import POINTER
from synscope.kernel.symbols import Symbols
from synscope.kernel.text import Facts, Text

BASE = 0xFFFFFFFF81000000
SIZE = 0x40
# call or jump (`>`), each by five bytes, and `ret`
SOURCE = {
    "tcp_v4_connect": "tcp_set_state inet_hash_connect *rax ret",
    "tcp_set_state": ">inet_sk_state_store",
    "inet_sk_state_store": "ret",
    "inet_hash_connect": "secure_port >__inet_hash_connect",
    "__inet_hash_connect": ">__x86_return_thunk",
    "secure_port": "ret",
    "ip_rcv": ">ip_local_deliver >ip6_input ret",
    "ip_local_deliver": ">ip_local_deliver.cold >ip_local_deliver_finish ret",
    "ip_local_deliver.cold": ">nf_hook ret",
    "nf_hook": ">ip_local_deliver_finish ret",
    "ip6_input": "ret",
    "ip_local_deliver_finish": "ret",
    "tcp_v6_conn_request": ">tcp_v4_conn_request >tcp_conn_request",
    "tcp_v4_conn_request": ">tcp_conn_request",
    "tcp_conn_request": "__x86_indirect_thunk_rax ret",
    "__sys_connect_file": ">__x86_indirect_thunk_rax ret",
    "update": ">__SCT__update",
    "__SCT__update": ">really",
    "really": ">update",
    "__x86_indirect_thunk_rax": "ret",
    "__x86_return_thunk": "ret",
    "end": "ret",
}
PLACES = {name: BASE + number * SIZE for number, name in enumerate(SOURCE)}
NAMES = {at: name for name, at in PLACES.items()}


def code(name: str) -> bytes:
    """The function's bytes: `e8` calls, `e9` jumps, `ff d0` calls %rax, `c3` returns."""
    made = b""
    for word in SOURCE[name].split():
        if word == "ret":
            made += b"\xc3"
        elif word == "*rax":
            made += b"\xff\xd0"
        else:
            opcode = b"\xe9" if word.startswith(">") else b"\xe8"
            distance = PLACES[word.lstrip(">")] - (PLACES[name] + len(made) + 5)
            made += opcode + struct.pack("<i", distance)
    return made.ljust(SIZE, b"\xcc")


MEMORY = b"".join(map(code, SOURCE))


@pytest.fixture
def text() -> Text:
    table = "".join(f"{at:016x} t {name}\n" for at, name in NAMES.items())
    return Text(Symbols(table.encode()), lambda at, size: MEMORY[at - BASE :][:size], Facts())


def passed(text: Text, start: str, goal: str) -> list[str]:
    return [NAMES[at] for at in text.passed(PLACES[start], PLACES[goal])]


def test_the_call_before_a_return_address(text: Text) -> None:
    connect = PLACES["tcp_v4_connect"]
    assert text.called(connect + 5) == PLACES["tcp_set_state"]
    assert text.called(connect + 10) == PLACES["inet_hash_connect"]
    assert text.called(connect + 12) == POINTER
    assert text.called(connect + 13) is None
    assert text.called(PLACES["tcp_conn_request"] + 5) == POINTER


def test_one_jump(text: Text) -> None:
    assert passed(text, "tcp_set_state", "inet_sk_state_store") == ["tcp_set_state"]
    assert passed(text, "tcp_set_state", "ip_rcv") == []


def test_only_what_every_way_passes_is_certain(text: Text) -> None:
    """tcp_v6_conn_request may have jumped by way of tcp_v4_conn_request, and may not."""
    assert passed(text, "tcp_v6_conn_request", "tcp_conn_request") == ["tcp_v6_conn_request"]
    assert passed(text, "ip_rcv", "ip_local_deliver_finish") == ["ip_rcv", "ip_local_deliver"]


def test_parts_and_trampolines_are_gone_through_and_not_named(text: Text) -> None:
    assert passed(text, "ip_local_deliver", "nf_hook") == ["ip_local_deliver"]
    assert passed(text, "update", "really") == ["update"]


def test_a_circle_ends(text: Text) -> None:
    assert passed(text, "update", "end") == []


def test_thunks_are_pointers_and_returns(text: Text) -> None:
    assert text.jumps(PLACES["__sys_connect_file"]) == [POINTER]
    assert text.jumps(PLACES["__inet_hash_connect"]) == []
    assert text.calls(PLACES["tcp_conn_request"]) == [POINTER]
    assert text.calls(PLACES["tcp_v4_connect"])[-1] == POINTER


def test_what_is_known_is_not_read_again(text: Text) -> None:
    passed(text, "ip_rcv", "ip_local_deliver_finish")
    text.entry("ip_rcv")
    text.called(PLACES["tcp_v4_connect"] + 5)
    assert text.grown

    def nothing(at: int, size: int) -> bytes:
        raise AssertionError((at, size))

    again = Text(Symbols(b"ffffffff81000000 T a\nffffffff82000000 T b\n"), nothing, text.facts)
    assert again.jumps(PLACES["ip_rcv"]) == text.jumps(PLACES["ip_rcv"])
    assert again.called(PLACES["tcp_v4_connect"] + 5) == PLACES["tcp_set_state"]
    assert again.entry("ip_rcv") == PLACES["ip_rcv"]
    assert again.name(PLACES["nf_hook"]) == "nf_hook"
    assert not again.grown


def test_memory_that_cannot_be_read_tells_nothing() -> None:
    table = b"ffffffff81000000 T a\nffffffff81000040 T b\n"
    text = Text(Symbols(table), lambda at, size: b"", Facts())
    assert text.called(BASE + 5) is None
    assert text.passed(BASE, BASE + 0x40) == []
    assert text.entry("nosuch") is None
