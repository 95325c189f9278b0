"""QEMU's end is played by the test; what a real one does is for tests/vm/test_lab_objects.py."""

import os
import socket
from collections.abc import Iterator
from threading import Thread

import pytest

from synscope.errors import SynscopeError
from synscope.lab.objects.stub import Stub


@pytest.fixture
def stub() -> Iterator[Stub]:
    with Stub() as stub:
        yield stub


def packet(content: bytes) -> bytes:
    return b"+$%s#%02x" % (content, sum(content) % 256)


def answered(stub: Stub, *contents: bytes) -> "socket.socket":
    """QEMU's end, which has said all this."""
    theirs = socket.socket(fileno=os.dup(stub.theirs))
    theirs.sendall(b"".join(map(packet, contents)))
    return theirs


def test_memory_is_asked_for_in_pieces(stub: Stub):
    with answered(stub, b"61" * 2048, b"6263") as theirs:
        assert stub.read(0xFFFF888000001000, 2050) == b"a" * 2048 + b"bc"
        assert theirs.recv(100) == b"$mffff888000001000,800#%02x+$mffff888000001800,2#%02x+" % (
            sum(b"mffff888000001000,800") % 256,
            sum(b"mffff888000001800,2") % 256,
        )


def test_what_is_not_mapped_is_empty(stub: Stub):
    with answered(stub, b"E14"):
        assert stub.read(8, 8) == b""


def test_packets_may_come_in_pieces(stub: Stub):
    whole = packet(b"OK")
    with answered(stub) as theirs:
        sender = Thread(target=lambda: [theirs.sendall(bytes([octet])) for octet in whole])
        sender.start()
        stub.stop_at(0x1000)
        sender.join()


def test_a_refused_breakpoint_is_an_error(stub: Stub):
    with answered(stub, b"E22"), pytest.raises(SynscopeError, match="QEMU says E22"):
        stub.stop_at(0x1000)


@pytest.mark.parametrize(("said", "expected"), [(b"T05thread:01;", True), (b"T8fthread:01;", False)])
def test_why_it_stands_still(stub: Stub, said: bytes, expected: bool):
    with answered(stub, said):
        assert stub.at_breakpoint() is expected


def test_the_next_instruction_is_behind_sixteen_registers(stub: Stub):
    with answered(stub, b"00" * 128 + b"efbeadde00000000" + b"00" * 400):
        assert stub.program_counter() == 0xDEADBEEF


def test_an_end_of_qemu_is_told(stub: Stub):
    with answered(stub) as theirs:
        theirs.shutdown(socket.SHUT_RDWR)
    with pytest.raises(SynscopeError, match="gdb stub"):
        stub.read(8, 8)
