"""A trace as the lab's guest hands it over: the rows as they are, and addresses that have no names yet."""

import zlib

import msgspec
import numpy as np

from synscope.events.trace import Footer, Header, Trace
from synscope.events.wire import HALF, PATH_EVENT
from synscope.probes.aftermath import Addresses

_LEVEL = 1  # rows are nearly all zeros


class _Handover(msgspec.Struct):
    header: Header
    footer: Footer
    halves: bytes
    events: bytes
    addresses: Addresses


def packed(trace: Trace, addresses: Addresses) -> bytes:
    """For `unpacked` of the same synscope: no layouts are told. A guest's trace has no calls."""
    rows = trace.halves.tobytes(), trace.events.tobytes()
    content = msgspec.msgpack.encode(_Handover(trace.header, trace.footer, *rows, addresses))
    return zlib.compress(content, _LEVEL)


def unpacked(content: bytes) -> tuple[Trace, Addresses]:
    """The trace, and what `aftermath.explain` needs beside it. Raises ValueError where it is none."""
    try:
        found = msgspec.msgpack.decode(zlib.decompress(content), type=_Handover)
    except zlib.error as error:
        raise ValueError(str(error)) from error
    halves, events = np.frombuffer(found.halves, HALF).copy(), np.frombuffer(found.events, PATH_EVENT).copy()
    trace = Trace(header=found.header, halves=halves, events=events, footer=found.footer)
    return trace, found.addresses
