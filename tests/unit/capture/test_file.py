"""Trace files: what is written comes back, and what is damaged costs no more than itself."""

import struct
import zlib

import msgspec
import numpy as np
import pytest
import zstandard

from synscope.capture import frames
from synscope.capture.file import DAMAGED, TOO_LARGE, TraceWriter, read, write
from synscope.capture.frames import Kind
from synscope.capture.migrations import describe
from synscope.errors import Exit, SynscopeError
from synscope.events.trace import Footer, Header, Hook, Trace
from synscope.events.wire import HALF, PATH_EVENT

HEADER = Header(
    synscope="0.1.0",
    kernel="6.18.0",
    machine="x86_64",
    started_mono_ns=12,
    started_wall_ns=1_700_000_000 * 10**9,
    detail="path",
    command=["curl", "http://127.0.0.1/"],
    hooks=[Hook("tp_btf/inet_sock_set_state", True), Hook("sk_lookup", False, "refused")],
    sysctls={"net.ipv4.tcp_syn_retries": "6"},
    drop_reasons={3: "NO_SOCKET"},
    syscalls={42: "connect"},
)
FOOTER = Footer(
    ended_mono_ns=99,
    lost={"tp_btf/inet_sock_set_state: ring full": 4},
    stacks={7: ["inet_sk_state_store+0x1a", "tcp_set_state+0x2"]},
    symbols={0xFFFFFFFF81000110: "tcp_connect+0x0"},
    exit_status=3,
)


def some(dtype, count, seed=1):
    """Rows of random bytes: every field, padding too, differs from every other."""
    raw = np.random.default_rng(seed).integers(0, 256, count * dtype.itemsize, np.uint8)
    return raw.view(dtype)


def same(left, right):
    return left.dtype == right.dtype and left.tobytes() == right.tobytes()


@pytest.fixture
def path(tmp_path):
    return tmp_path / "t.syn"


def test_a_trace_comes_back_as_it_was(path):
    trace = Trace(header=HEADER, halves=some(HALF, 100), events=some(PATH_EVENT, 300), footer=FOOTER)
    write(path, trace)
    found = read(path)
    assert (found.header, found.footer) == (HEADER, FOOTER)
    assert same(found.halves, trace.halves)
    assert same(found.events, trace.events)


def test_an_empty_trace(path):
    write(path, Trace(header=HEADER))
    found = read(path)
    assert found.footer == Footer()
    assert found.halves.dtype == HALF and len(found.halves) == 0
    assert found.events.dtype == PATH_EVENT and len(found.events) == 0


def test_pieces_are_joined_in_order(path):
    with TraceWriter(path, HEADER) as writer:
        writer.halves(some(HALF, 3, 1))
        writer.events(some(PATH_EVENT, 2, 2))
        writer.halves(some(HALF, 0))
        writer.halves(some(HALF, 5, 3)[::2])
        writer.close(FOOTER)
    found = read(path)
    assert found.halves.tobytes() == some(HALF, 3, 1).tobytes() + some(HALF, 5, 3)[::2].tobytes()
    assert same(found.events, some(PATH_EVENT, 2, 2))


def test_the_format_is_the_documented_one(path):
    write(path, Trace(header=HEADER, halves=some(HALF, 4), footer=FOOTER))
    data, found = path.read_bytes(), []
    assert data[:12] == b"\x89SYN\r\n\x1a\n\1\0\0\0"
    at = 12
    while at < len(data):
        kind, length, crc = struct.unpack_from("<BII", data, at)
        payload = data[at + 9 : at + 9 + length]
        assert crc == zlib.crc32(data[at : at + 5] + payload)
        found.append((kind, zstandard.ZstdDecompressor().decompress(payload)))
        at += 9 + length
    assert [kind for kind, _ in found] == [1, 2, 4]
    header = msgspec.msgpack.decode(found[0][1])
    assert header["header"]["kernel"] == "6.18.0"
    assert header["halves"][0] == ["cookie", "<u8", []]
    assert found[1][1] == some(HALF, 4).tobytes()
    assert msgspec.msgpack.decode(found[2][1])["exit_status"] == 3


def test_no_footer_means_cut_off(path):
    with TraceWriter(path, HEADER) as writer:
        writer.halves(some(HALF, 3))
        before = read(path)
    assert same(before.halves, some(HALF, 3))
    assert before.footer == read(path).footer == Footer(complete=False)


@pytest.mark.parametrize(
    ("content", "why"),
    [
        (b"", "empty"),
        (b"#!/bin/sh\n", "not a trace"),
        (b"\x7fELF" + bytes(100), "not a trace"),
        (b"\x89SYN\n\x1a\n\1\0\0\0", "not a trace"),
        (frames.MAGIC, "beginning is damaged"),
        (frames.MAGIC + bytes(4), "beginning is damaged"),
        (frames.prefix(), "header is cut off"),
        (frames.prefix() + bytes(1000), "header is cut off or damaged"),
        (frames.prefix() + frames.encode(Kind.HALVES, b"x"), "header is cut off or damaged"),
        (frames.prefix() + frames.encode(Kind.HEADER, b"\xc1"), "header is cut off or damaged"),
        (frames.MAGIC + struct.pack("<I", 2), "written in format 2, and this synscope reads formats up to 1"),
    ],
)
def test_what_cannot_be_read(path, content, why):
    path.write_bytes(content)
    with pytest.raises(SynscopeError) as caught:
        read(path)
    assert why in caught.value.why
    assert caught.value.code == Exit.BAD_FILE
    assert str(path) in caught.value.what


def test_a_newer_format_names_the_upgrade(path):
    path.write_bytes(frames.MAGIC + struct.pack("<I", 7) + b"anything")
    with pytest.raises(SynscopeError) as caught:
        read(path)
    assert "upgrade" in caught.value.remedy


def test_no_file_and_no_regular_one(path, tmp_path):
    for wrong in (path, tmp_path):
        with pytest.raises(SynscopeError) as caught:
            read(wrong)
        assert caught.value.code == Exit.BAD_FILE


def with_frames(path, *more, halves=HALF, events=PATH_EVENT, header=HEADER):
    preamble = {"header": header, "halves": describe(halves), "events": describe(events)}
    start = frames.prefix() + frames.encode(Kind.HEADER, msgspec.msgpack.encode(preamble))
    path.write_bytes(start + b"".join(more))


def footer(value=FOOTER):
    return frames.encode(Kind.FOOTER, msgspec.msgpack.encode(value))


def test_rows_of_another_layout(path):
    older = np.dtype(
        [("netns", "<u4"), ("local", "V4"), ("t", "<u8", (2,)), ("dropped", "<u8"), ("cookie", "<u8")]
    )
    rows = np.array([(9, b"\x7f\0\0\1", (5, 6), 1, 77), (8, b"\x0a\0\0\1", (7, 0), 1, 78)], older)
    with_frames(path, frames.encode(Kind.HALVES, rows.tobytes()), footer(), halves=older)
    halves = read(path).halves
    assert halves.dtype == HALF
    assert halves["cookie"].tolist() == [77, 78]
    assert halves["netns"].tolist() == [9, 8]
    assert halves["t"][:, :3].tolist() == [[5, 6, 0], [7, 0, 0]]
    assert halves["local"][0].tobytes() == b"\x7f\0\0\1" + bytes(12)
    assert not halves["pid"].any()


def test_a_header_and_footer_with_fields_from_elsewhere(path):
    header = {
        "synscope": "9",
        "kernel": "7.0",
        "machine": "riscv64",
        "started_mono_ns": 1,
        "started_wall_ns": 2,
    }
    with_frames(path, footer({"ended_mono_ns": 5, "new": [1]}), header={**header, "new": {"a": 1}})
    found = read(path)
    assert (found.header.machine, found.header.detail, found.header.hooks) == ("riscv64", "record", [])
    assert found.footer == Footer(ended_mono_ns=5)


def test_frames_of_a_kind_from_elsewhere_are_passed_over(path):
    with_frames(path, frames.encode(99, b"?"), frames.encode(Kind.HALVES, some(HALF, 1).tobytes()), footer())
    found = read(path)
    assert same(found.halves, some(HALF, 1))
    assert found.footer == FOOTER


def test_a_damaged_frame_is_counted_and_the_rest_is_there(path):
    broken = bytearray(frames.encode(Kind.HALVES, some(HALF, 1).tobytes()))
    broken[20] ^= 4
    short = frames.encode(Kind.HALVES, some(HALF, 1).tobytes()[:-1])
    whole = frames.encode(Kind.HALVES, some(HALF, 2).tobytes())
    with_frames(path, bytes(broken), short, whole, footer())
    found = read(path)
    assert same(found.halves, some(HALF, 2))
    assert not found.footer.complete
    assert found.footer.lost == {**FOOTER.lost, DAMAGED: 2}
    assert found.footer.stacks == FOOTER.stacks


def test_a_footer_that_makes_no_sense(path):
    with_frames(path, frames.encode(Kind.HALVES, some(HALF, 2).tobytes()), footer({"stacks": 5}))
    found = read(path)
    assert same(found.halves, some(HALF, 2))
    assert not found.footer.complete


def test_rows_beyond_the_bound_are_counted(path):
    write(path, Trace(header=HEADER, halves=some(HALF, 10), events=some(PATH_EVENT, 5), footer=FOOTER))
    found = read(path, largest=10 * HALF.itemsize)
    assert same(found.halves, some(HALF, 10))
    assert len(found.events) == 0
    assert found.footer.lost == {**FOOTER.lost, TOO_LARGE: 5}
    assert not found.footer.complete


def test_short_rows_that_would_grow_beyond_the_bound(path):
    tiny = np.dtype([("fate", "u1")])
    with_frames(path, frames.encode(Kind.HALVES, bytes(64 << 20)), footer(), halves=tiny)
    assert path.stat().st_size < 1 << 16
    found = read(path)
    assert len(found.halves) == 0
    assert found.footer.lost[TOO_LARGE] == 64 << 20


def test_a_footer_beyond_the_bound_is_none(path):
    with_frames(path, frames.encode(Kind.FOOTER, bytes(65 << 20)))
    assert read(path).footer == Footer(complete=False)
