"""The memory that host and guest share: one message at a time, its length before it.

Who writes and who reads is never in doubt: the machine stands still while the host does either.
"""

import struct

import msgspec

from synscope.errors import SynscopeError
from synscope.lab.messages import FromGuest, Order

SIZE = 64 << 20
ADDRESS = 1 << 32
"""In the guest: QEMU puts memory that is plugged in behind all that is below 4 GiB."""
_LENGTH = struct.Struct("<Q")
HEAD = _LENGTH.size
_FROM_GUEST: msgspec.msgpack.Decoder[FromGuest] = msgspec.msgpack.Decoder(FromGuest)
_ORDER = msgspec.msgpack.Decoder(Order)


def packed(message: msgspec.Struct) -> bytes:
    """`message` as it lies in the memory. Raises SynscopeError where it is too large for it."""
    content = msgspec.msgpack.encode(message)
    if _LENGTH.size + len(content) > SIZE:
        why = f"it is {len(content) >> 20} MiB, and there is room for {SIZE >> 20}"
        raise SynscopeError(
            "the lab's guest cannot hand over its trace", why, "a command with fewer connections"
        )
    return _LENGTH.pack(len(content)) + content


def length(head: bytes) -> int:
    """Of the message that begins with `head`, of `HEAD` bytes; the head included."""
    return HEAD + int(_LENGTH.unpack(head)[0])


def from_guest(message: bytes) -> FromGuest:
    """The message of `length` bytes. Raises msgspec.MsgspecError where it is none."""
    return _FROM_GUEST.decode(message[HEAD:])


def from_host(message: bytes) -> Order:
    """The same, of the host's."""
    return _ORDER.decode(message[HEAD:])
