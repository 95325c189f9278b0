"""The part of gdb's remote protocol by which QEMU stops a guest at a function and reads its memory.

Protocol: https://sourceware.org/gdb/current/onlinedocs/gdb.html/Remote-Protocol.html. QEMU translates the
addresses by the page tables that are in use at the stop.
"""

import socket
from types import TracebackType
from typing import Self

from synscope.errors import SynscopeError

_ANSWER_S = 30.0
_PIECE = 2048  # bytes in one answer: half of MAX_PACKET_LENGTH (QEMU's gdbstub.c)
_LAST = 3  # "#" and the sum's two digits end a packet
_TRAP = b"T05"
_RIP = 16 * 8  # bytes of registers before it (QEMU's gdb-xml/i386-64bit.xml)


class Stub:
    """A context manager: one end of a pair of sockets, the other of which QEMU gets.

    Attributes:
        arguments: QEMU's, which name `theirs`, a descriptor for it to inherit.
    """

    def __init__(self) -> None:
        self._ours, self._theirs = socket.socketpair()
        self._ours.settimeout(_ANSWER_S)
        self._received = b""
        self.theirs = self._theirs.fileno()
        self.arguments = ["-chardev", f"socket,id=gdb,fd={self.theirs}", "-gdb", "chardev:gdb"]

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._ours.close()
        self._theirs.close()

    def stop_at(self, address: int) -> None:
        """Stop the guest when it is about to execute what is there. Raises SynscopeError: QEMU refuses."""
        answer = self._ask(b"Z0,%x,1" % address)
        if answer != b"OK":
            raise SynscopeError("cannot stop the lab's guest", f"QEMU says {answer.decode()}")

    def at_breakpoint(self) -> bool:
        """Whether that is why the guest, which stands still, does so."""
        packet = self._packet()
        while not packet.startswith(b"T"):
            packet = self._packet()
        return packet.startswith(_TRAP)

    def program_counter(self) -> int:
        """The address of the instruction that is next."""
        registers = bytes.fromhex(self._ask(b"g").decode())
        return int.from_bytes(registers[_RIP : _RIP + 8], "little")

    def read(self, address: int, size: int) -> bytes:
        """What is there in the kernel's own addresses; b"" where a part of it is not mapped."""
        found = b""
        while len(found) < size:
            answer = self._ask(b"m%x,%x" % (address + len(found), min(size - len(found), _PIECE)))
            if not answer or answer.startswith(b"E"):
                return b""
            found += bytes.fromhex(answer.decode())
        return found

    def _ask(self, what: bytes) -> bytes:
        self._send(b"$%s#%02x" % (what, sum(what) % 256))
        return self._packet()

    def _packet(self) -> bytes:
        """The next, acknowledged; what is between packets acknowledges ours."""
        while (end := self._received.find(b"#") + _LAST) > len(self._received) or end < _LAST:
            self._received += self._more()
        self._send(b"+")
        packet, self._received = self._received[:end], self._received[end:]
        return packet[packet.index(b"$") + 1 : -_LAST]

    def _send(self, content: bytes) -> None:
        try:
            self._ours.sendall(content)
        except OSError as error:
            raise _gone(error) from error

    def _more(self) -> bytes:
        try:
            received = self._ours.recv(1 << 16)
        except OSError as error:
            raise _gone(error) from error
        if not received:
            raise _gone(EOFError("it has ended"))
        return received


def _gone(error: Exception) -> SynscopeError:
    return SynscopeError("cannot read the lab's guest", f"QEMU's gdb stub: {error}")
