"""Perfetto's trace packets, encoded: the few messages that a timeline needs.

By hand, for they are few: Protocol Buffers' wire format, and the field numbers of Perfetto's
protos/perfetto/trace/trace_packet.proto and track_event/*.proto. Times are ns of CLOCK_MONOTONIC.
"""

from __future__ import annotations

import struct
from collections.abc import Mapping

_VARINT, _FIXED64, _BYTES = 0, 1, 2
_REALTIME, _MONOTONIC = 1, 3
_SEQUENCE = 1
_BEGIN, _END, _INSTANT = 1, 2, 3


def clocks(monotonic_ns: int, wall_ns: int) -> bytes:
    """One moment on both clocks; the timeline is CLOCK_MONOTONIC's."""
    at = _message(1, _number(1, _MONOTONIC) + _number(2, monotonic_ns))
    at += _message(1, _number(1, _REALTIME) + _number(2, wall_ns))
    return _packet(_message(6, at + _number(2, _MONOTONIC)))


def process(track: int, pid: int, name: str) -> bytes:
    """The track of a process."""
    return _track(track, _message(3, _number(1, pid) + _string(6, name)))


def thread(track: int, pid: int, tid: int, name: str) -> bytes:
    """The track of a thread; its process's is found by `pid`."""
    return _track(track, _message(4, _number(1, pid) + _number(2, tid) + _string(5, name)))


def named(track: int, name: str, parent: int = 0) -> bytes:
    """A track that is neither; those of one name and parent are drawn as one."""
    return _track(track, _string(2, name) + (_number(5, parent) if parent else b""))


def begin(track: int, t_ns: int, name: str, category: str, more: Mapping[str, str]) -> bytes:
    """A slice begins on a track; `more` is shown beside it."""
    return _event(_BEGIN, track, t_ns, _told(name, category, more))


def end(track: int, t_ns: int) -> bytes:
    """The innermost open slice of a track ends."""
    return _event(_END, track, t_ns, b"")


def instant(
    track: int, t_ns: int, name: str, category: str, more: Mapping[str, str], *, flow: int | None = None
) -> bytes:
    """Something that took no time; an arrow goes from one to the next of those with the same `flow`."""
    arrow = b"" if flow is None else _key(47, _FIXED64) + struct.pack("<Q", flow)
    return _event(_INSTANT, track, t_ns, _told(name, category, more) + arrow)


def _told(name: str, category: str, more: Mapping[str, str]) -> bytes:
    notes = [_message(4, _string(10, key) + _string(6, value)) for key, value in more.items()]
    return _string(22, category) + _string(23, name) + b"".join(notes)


def _event(kind: int, track: int, t_ns: int, told: bytes) -> bytes:
    event = _message(11, _number(9, kind) + _number(11, track) + told)
    return _packet(_number(8, t_ns) + _number(58, _MONOTONIC) + event)


def _track(uuid: int, about: bytes) -> bytes:
    return _packet(_message(60, _number(1, uuid) + about))


def _packet(content: bytes) -> bytes:
    """A TracePacket as one of Trace's."""
    return _message(1, content + _number(10, _SEQUENCE))


def _message(field: int, content: bytes) -> bytes:
    return _key(field, _BYTES) + _varint(len(content)) + content


def _string(field: int, text: str) -> bytes:
    return _message(field, text.encode("utf-8", "replace"))


def _number(field: int, value: int) -> bytes:
    return _key(field, _VARINT) + _varint(value)


def _key(field: int, kind: int) -> bytes:
    return _varint(field << 3 | kind)


def _varint(value: int) -> bytes:
    value &= (1 << 64) - 1
    encoded = bytearray()
    while value > 0x7F:
        encoded.append(value & 0x7F | 0x80)
        value >>= 7
    encoded.append(value)
    return bytes(encoded)
