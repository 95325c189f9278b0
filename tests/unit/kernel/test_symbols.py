"""Symbols against a line-by-line reading of the same text, and against this kernel's own table."""

import bisect
import time
from pathlib import Path

import numpy as np
import pytest

from support.require import require
from synscope.kernel import symbols as symbols_module
from synscope.kernel.symbols import KALLSYMS, Symbols, addresses_of

TABLE = b"""\
ffffffff81000000 T _stext
ffffffff81000000 T startup_64
ffffffff81000100 T __pfx_tcp_connect
ffffffff81000110 T tcp_connect
ffffffff81000200 t __do_sys_bind
ffffffff81000200 T __x64_sys_bind
ffffffff81000300 t tcp_ack.part.0
ffffffff81000300 t tcp_ack
ffffffff81000400 T __softirqentry_text_end
ffffffff81000400 T __x86_indirect_thunk_rax
ffffffff82000000 D tcp_prot
ffffffff82000010 r __func__.0
ffffffffc0000000 t nft_do_chain\t[nf_tables]
ffffffffa0000000 t bpf_prog_6deef7357e7b4530_sk_state\t[bpf]
"""


@pytest.mark.parametrize(
    ("address", "symbol"),
    [
        (0xFFFFFFFF81000110, "tcp_connect+0x0"),
        (0xFFFFFFFF810001FF, "tcp_connect+0xef"),
        (0xFFFFFFFF8100010F, "__pfx_tcp_connect+0xf"),
        (0xFFFFFFFF81000001, "startup_64+0x1"),
        (0xFFFFFFFF81000201, "__do_sys_bind+0x1"),
        (0xFFFFFFFF81000301, "tcp_ack+0x1"),
        (0xFFFFFFFF81000400, "__x86_indirect_thunk_rax+0x0"),
        (0xFFFFFFFFC0000007, "nft_do_chain+0x7 [nf_tables]"),
        (0xFFFFFFFFA00000AB, "bpf_prog_6deef7357e7b4530_sk_state+0xab [bpf]"),
    ],
)
def test_names_the_function_that_an_address_is_in(address, symbol):
    assert Symbols(TABLE).lookup(address) == symbol


@pytest.mark.parametrize("address", [0, 0x7F0000001000, 0xFFFFFFFF80FFFFFF, 0xFFFFFFFF90000000, 2**64 - 1])
def test_an_address_outside_of_every_function_stays_a_number(address):
    assert Symbols(TABLE).lookup(address) == hex(address)


def test_many_keeps_order_and_repetitions():
    addresses = [0xFFFFFFFF81000111, 1, 0xFFFFFFFF81000111, 0xFFFFFFFF81000300]
    assert Symbols(TABLE).many(addresses) == ["tcp_connect+0x1", "0x1", "tcp_connect+0x1", "tcp_ack+0x0"]
    assert Symbols(TABLE).many(np.array(addresses, np.uint64)) == Symbols(TABLE).many(addresses)
    assert Symbols(TABLE).many([]) == []


@pytest.mark.parametrize(
    ("name", "address"),
    [
        ("tcp_connect", 0xFFFFFFFF81000110),
        ("tcp_ack", 0xFFFFFFFF81000300),
        ("nft_do_chain", 0xFFFFFFFFC0000000),
        ("tcp_prot", None),
        ("connect", None),
        ("nothing", None),
    ],
)
def test_address_of_a_function(name, address):
    assert Symbols(TABLE).address(name) == address


def test_addresses_of_many_at_once():
    names = ["nft_do_chain", "tcp_ack", "tcp_prot", "nothing", "tcp_connect"]
    one_by_one = {name: at for name in names if (at := Symbols(TABLE).address(name))}
    assert Symbols(TABLE).addresses(names) == one_by_one
    assert Symbols(b"").addresses(names) == {}


@pytest.mark.parametrize("piece", [1, 7, 64, 1 << 20])
def test_addresses_without_a_table(tmp_path, monkeypatch, piece):
    monkeypatch.setattr(symbols_module, "_PIECE", piece)
    (tmp_path / "kallsyms").write_bytes(TABLE)
    found = addresses_of(["tcp_ack", "tcp_prot", "connect", "tcp_connect"], tmp_path / "kallsyms")
    assert found == {"tcp_ack": 0xFFFFFFFF81000300, "tcp_connect": 0xFFFFFFFF81000110}
    assert addresses_of(["tcp_ack"], tmp_path / "missing") == {}
    (tmp_path / "hidden").write_bytes(b"0000000000000000 T tcp_ack\n")
    assert addresses_of(["tcp_ack"], tmp_path / "hidden") == {}


def test_addresses_that_the_kernel_hides():
    hidden = Symbols(b"0000000000000000 T tcp_connect\n0000000000000000 T tcp_ack\n")
    assert not hidden.available()
    assert "kptr_restrict" in hidden.why()
    assert hidden.lookup(0xFFFFFFFF81000110) == "0xffffffff81000110"
    assert hidden.address("tcp_connect") is None


def test_no_table(tmp_path):
    missing = Symbols.read(tmp_path / "kallsyms")
    assert not missing.available()
    assert "No such file" in missing.why()
    assert missing.lookup(16) == "0x10"


@pytest.mark.parametrize("text", [b"", b"\n", b"junk", b"ffffffff81000110 T x", b"\0" * 100, TABLE[:-9]])
def test_other_lines_are_skipped(text):
    assert Symbols(text).lookup(0xFFFFFFFF81000110) in ("0xffffffff81000110", "x+0x0", "tcp_connect+0x0")


@pytest.mark.needs_kernel
def test_this_kernel_against_a_plain_reading_of_its_table():
    text = KALLSYMS.read_bytes()
    symbols = Symbols(text)
    require(symbols.available(), symbols.why())
    by_address: dict[int, set[str]] = {}
    for line in text.decode().splitlines():
        address, kind, name = line.split(" ", 2)
        if kind in "tTwW":
            by_address.setdefault(int(address, 16), set()).add(name.replace("\t", " "))
    ordered = sorted(by_address)
    wanted = [*ordered[::97], *(address + 3 for address in ordered[::101])]
    for address, symbol in zip(wanted, symbols.many(wanted), strict=True):
        base = ordered[bisect.bisect_right(ordered, address) - 1]
        name, _, rest = symbol.partition("+")
        offset, _, module = rest.partition(" ")
        assert int(offset, 16) == address - base
        assert (f"{name} {module}" if module else name) in by_address[base]


@pytest.mark.needs_kernel
def test_this_kernels_functions_by_name_and_back():
    symbols = Symbols.read()
    require(symbols.available(), symbols.why())
    for name in ("tcp_connect", "tcp_v4_rcv", "inet_csk_listen_start", "tcp_write_timer"):
        address = symbols.address(name)
        assert address is not None
        assert symbols.lookup(address + 1) == f"{name}+0x1"


@pytest.mark.needs_kernel
def test_is_quick():
    text = KALLSYMS.read_bytes()
    require(len(text) > 1 << 20, "the table of this kernel is short")

    def seconds() -> float:
        start = time.perf_counter()
        Symbols(text)
        return time.perf_counter() - start

    per_line = min(seconds() for _ in range(5)) / text.count(b"\n")
    assert per_line < 1e-6  # 150,000 lines in 150 ms


def test_reads_a_path(tmp_path: Path):
    (tmp_path / "kallsyms").write_bytes(TABLE)
    assert Symbols.read(tmp_path / "kallsyms").available()


def test_where_a_function_begins_and_the_next_one() -> None:
    symbols = Symbols(TABLE)
    assert symbols.span(0xFFFFFFFF81000150) == (0xFFFFFFFF81000110, 0xFFFFFFFF81000200)
    assert symbols.span(0xFFFFFFFF81000200) == (0xFFFFFFFF81000200, 0xFFFFFFFF81000300)
    assert symbols.span(0xFFFFFFFF80000000) == (0, 0)
    assert symbols.span(0xFFFFFFFFF0000000) == (0, 0)
    assert Symbols(b"0000000000000000 T tcp_connect\n").span(0) == (0, 0)


def test_where_bpf_programs_begin() -> None:
    assert Symbols(TABLE).programs() == [0xFFFFFFFFA0000000]
