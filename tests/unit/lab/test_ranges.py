"""Which text is to be logged, by a kernel's symbols."""

from itertools import pairwise

import pytest

from synscope.kernel.symbols import Symbols
from synscope.lab.ranges import dfilter, filter_ranges

NET = {
    "sock_close": 0xFFFFFFFF81780000,
    "inet_create": 0xFFFFFFFF81800000,
    "never_heard_of": 0xFFFFFFFF81800400,
    "tcp_v4_connect": 0xFFFFFFFF81880000,
    "tcp_v6_connect": 0xFFFFFFFF81900000,
    "after_net": 0xFFFFFFFF81900800,
}
OTHERS = {
    "handle_softirqs": 0xFFFFFFFF81000000,
    "something": 0xFFFFFFFF81000200,
    "loopback_xmit": 0xFFFFFFFF81500000,
    "something_else": 0xFFFFFFFF81500100,
    "do_syscall_64": 0xFFFFFFFF81F00000,
    "_etext": 0xFFFFFFFF81F00100,
}
PROGRAM = 0xFFFFFFFFC0001000


def symbols(table: dict[str, int], rest: str = "") -> Symbols:
    lines = (f"{address:016x} T {name}\n" for name, address in table.items())
    return Symbols(("".join(lines) + rest).encode())


@pytest.fixture
def ranges() -> list[tuple[int, int]]:
    programs = f"{PROGRAM:016x} t bpf_prog_6deef7357e7b4530_sys_enter\t[bpf]\n"
    return filter_ranges(symbols(NET | OTHERS, programs))


def test_net_is_one_range_from_its_first_function_to_its_last(ranges):
    assert (NET["sock_close"], NET["after_net"] - NET["sock_close"]) in ranges


def test_functions_elsewhere_are_ranges_of_their_own(ranges):
    assert (OTHERS["handle_softirqs"], 0x200) in ranges
    assert (OTHERS["loopback_xmit"], 0x100) in ranges
    assert (OTHERS["do_syscall_64"], 0x100) in ranges


def test_bpf_programs_are_in_it(ranges):
    assert ranges[-1] == (PROGRAM, 1 << 16)
    assert len(ranges) == 5


def test_ranges_do_not_overlap(ranges):
    assert all(start + length < after for (start, length), (after, _) in pairwise(ranges))


def test_a_kernel_that_shows_no_symbols_has_no_ranges():
    assert filter_ranges(Symbols(b"")) == []


def test_qemus_words():
    assert dfilter([(0xFFFFFFFF81780000, 0x180), (0x10, 1)]) == "0xffffffff81780000+0x180,0x10+0x1"
