"""The parser of QEMU's log, on a part of a real one: listen(2) on Debian's 6.1, QEMU 7.2."""

import re
from pathlib import Path

import numpy as np
import pytest

from blocks import Cpu
from synscope.errors import SynscopeError
from synscope.lab.execlog import Ending, blocks, register

LISTEN = Path(__file__).with_name("listen-6.1.log").read_bytes()
SYS_LISTEN, LOOKUP = 0xFFFFFFFF817825E0, 0xFFFFFFFF8177FFC0  # __sys_listen, sockfd_lookup_light
SECURITY = 0xFFFFFFFF814B4880  # security_socket_listen


def test_blocks_in_the_order_in_which_they_were_entered():
    assert [int(pc) for pc in register(blocks(LISTEN), "rip")] == [
        0xFFFFFFFF817826A0,  # __x64_sys_listen
        SYS_LISTEN,
        LOOKUP,
        LOOKUP + 0x12,
        LOOKUP + 0x1E,
        LOOKUP + 0x48,
        LOOKUP + 0x54,
        SYS_LISTEN + 0x36,
        SYS_LISTEN + 0x3B,
    ]


def test_registers_on_entry():
    rows = blocks(LISTEN)
    assert register(rows, "rdi")[:3].tolist() == [0xFFA000000059BF58, 3, 3]
    assert register(rows, "rsp")[:3].tolist() == [0xFFA000000059BB98, 0xFFA000000059BB90, 0xFFA000000059BB58]
    assert register(rows, "rax")[0] == 0x32
    assert register(rows, "r8")[0] == 0xFFA00000041C3000
    assert set(rows["cr3"].tolist()) == {0x1C5D8000}
    assert set(rows["cpu"].tolist()) == {0}


def test_how_each_block_ends():
    rows = blocks(LISTEN)
    assert rows["ending"].tolist() == [
        Ending.CALL,
        Ending.CALL,
        Ending.CALL,
        Ending.JUMP,
        Ending.JUMP,
        Ending.JUMP,
        Ending.RETURN,
        Ending.JUMP,
        Ending.CALL,
    ]
    assert rows["target"][[0, 1, 6, 8]].tolist() == [SYS_LISTEN, LOOKUP, 0, SECURITY]


@pytest.mark.parametrize("cut", [40, 200, 900])
def test_a_block_that_is_cut_off_is_left_out(cut: int):
    assert blocks(LISTEN[:-cut]).tobytes() == blocks(LISTEN)[:-1].tobytes()


@pytest.mark.parametrize("log", [b"", b"Linking TBs 0x7f992c07b480 index 0 -> 0x7f992c07b680\n"])
def test_a_log_without_blocks(log: bytes):
    assert len(blocks(log)) == 0


def test_a_qemu_that_does_not_disassemble_is_told():
    log = re.sub(rb"^(0x\w+:).*\n(?:0x.*\n)*", rb"OBJD-T: 0f1f440000\n", LISTEN, flags=re.MULTILINE)
    with pytest.raises(SynscopeError, match="without capstone"):
        blocks(log)


def test_the_text_of_a_block_is_known_when_it_is_entered_again():
    first = LISTEN.index(b"Trace 0")
    end = LISTEN.index(b"----------------", first)
    rows = blocks(LISTEN[:end] + LISTEN[first:end])
    assert rows[0].tobytes() == rows[1].tobytes()


def test_an_epilogue_is_one_that_leaves_rax_alone():
    text = {
        b"c3                       retq     ": True,
        b"5b                       popq     %rbx\n0xffffffff817826a1:  c3          retq     ": True,
        b"48 83 c4 18              addq     $0x18, %rsp\n0xffffffff817826a4:  c3  retq     ": True,
        b"58                       popq     %rax\n0xffffffff817826a1:  c3          retq     ": False,
        b"31 c0                    xorl     %eax, %eax\n0xffffffff817826a2:  c3    retq     ": False,
        b"eb 00                    jmp      0xffffffff817826a9": False,
    }
    start, end = LISTEN.index(b"0xffff"), LISTEN.index(b"\n\nTrace")
    for instructions, expected in text.items():
        log = LISTEN[:start] + b"0xffffffff817826a0:  " + instructions + LISTEN[end:]
        assert blocks(log)["epilogue"][0] == expected, instructions


def test_what_tests_write_is_what_qemu_writes():
    cpu = Cpu()
    cpu.call("outer", 1, 2)
    cpu.call("inner")
    cpu.inside("inner", rax=7, epilogue=True)
    cpu.ret(7)
    cpu.jump("outer")
    rows = cpu.rows()
    rows["epilogue"] &= rows["ending"] == Ending.RETURN
    assert np.array_equal(blocks(cpu.log()), rows)
