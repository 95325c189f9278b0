"""Whatever happens to a trace file, reading it gives what is whole, or says clearly why not."""

from pathlib import Path

import msgspec
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from synscope.capture import frames
from synscope.capture.file import TraceWriter, read
from synscope.capture.frames import Kind
from synscope.capture.migrations import describe, understand
from synscope.errors import Exit, SynscopeError
from synscope.events.trace import Footer, Header, Trace
from synscope.events.wire import HALF, PATH_EVENT

HEADER = Header(
    synscope="0.1.0",
    kernel="6.18.0",
    machine="x86_64",
    started_mono_ns=1,
    started_wall_ns=2,
    sysctls={"a": "1"},
)
FOOTER = Footer(ended_mono_ns=9, stacks={1: ["tcp_connect+0x1"]}, exit_status=0)
COOKIES = ([1, 2], [3], [4, 5])
"""Of the halves in each of the file's frames; one frame of events follows."""


class Sample:
    """A small file, and where each of its frames ends: prefix and header, three of halves, events, footer."""

    def __init__(self, folder: Path) -> None:
        self.path = folder / "sample.syn"
        self.damaged = folder / "damaged.syn"
        self.ends = []
        with TraceWriter(self.path, HEADER) as writer:
            self._mark()
            for cookies in COOKIES:
                rows = np.zeros(len(cookies), HALF)
                rows["cookie"] = cookies
                writer.halves(rows)
                self._mark()
            writer.events(np.zeros(3, PATH_EVENT))
            self._mark()
            writer.close(FOOTER)
            self._mark()
        self.data = self.path.read_bytes()

    def _mark(self) -> None:
        self.ends.append(self.path.stat().st_size)

    def frame_at(self, offset: int) -> int:
        """Which frame the byte at `offset` is in, 0 for prefix and header."""
        return sum(end <= offset for end in self.ends)

    def read(self, data: bytes) -> Trace | None:
        """The trace in `data`; None where it is refused, which must be by a clear error."""
        self.damaged.write_bytes(data)
        try:
            return read(self.damaged)
        except SynscopeError as error:
            assert error.code == Exit.BAD_FILE
            assert error.what and error.why
            return None


@pytest.fixture(scope="module")
def sample(tmp_path_factory) -> Sample:
    return Sample(tmp_path_factory.mktemp("trace"))


def cookies_of(trace: Trace) -> list[int]:
    return trace.halves["cookie"].tolist()


def in_frames(first: int, last: int) -> list[int]:
    """The cookies in the frames `first` up to, not including, `last`; halves start with frame 1."""
    return [
        cookie for number, cookies in enumerate(COOKIES, 1) if first <= number < last for cookie in cookies
    ]


def test_cut_at_every_byte(sample):
    for length in range(len(sample.data)):
        trace = sample.read(sample.data[:length])
        whole = sample.frame_at(length)
        assert (trace is None) == (whole == 0), length
        if trace:
            assert cookies_of(trace) == in_frames(1, whole)
            assert len(trace.events) == (3 if whole > 4 else 0)
            assert trace.footer == Footer(complete=False)
    assert sample.read(sample.data).footer == FOOTER


@settings(max_examples=400, deadline=None)
@given(data=st.data())
def test_one_flipped_bit_costs_one_frame(sample, data):
    offset = data.draw(st.integers(0, len(sample.data) - 1))
    damaged = bytearray(sample.data)
    damaged[offset] ^= 1 << data.draw(st.integers(0, 7))
    trace = sample.read(bytes(damaged))
    hit = sample.frame_at(offset)
    if hit == 0:
        assert trace is None
        return
    assert not trace.footer.complete
    before = in_frames(1, hit)
    assert cookies_of(trace)[: len(before)] == before
    in_its_head = offset < sample.ends[hit - 1] + 5  # the kind, or the length, which is how the next is found
    if not in_its_head:
        assert cookies_of(trace) == before + in_frames(hit + 1, 9)
        assert trace.footer.stacks == (FOOTER.stacks if hit < 5 else {})


@settings(max_examples=200, deadline=None)
@given(data=st.data(), rubbish=st.binary(max_size=200))
def test_rubbish_written_over_inserted_or_appended(sample, data, rubbish):
    start = data.draw(st.integers(0, len(sample.data)))
    end = data.draw(st.integers(start, len(sample.data)))
    trace = sample.read(sample.data[:start] + rubbish + sample.data[end:])
    whole = sample.frame_at(start)
    if whole:
        before = in_frames(1, whole)
        assert cookies_of(trace)[: len(before)] == before


@settings(max_examples=200, deadline=None)
@given(rubbish=st.binary(max_size=300))
def test_rubbish_alone(sample, rubbish):
    assert sample.read(rubbish) is None
    assert sample.read(frames.prefix() + rubbish) is None


PLAIN = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-(2**63), 2**64 - 1)
    | st.floats()
    | st.text(max_size=5)
    | st.binary(max_size=5),
    lambda inner: (
        st.lists(inner, max_size=4)
        | st.dictionaries(st.text(max_size=5) | st.integers(0, 9), inner, max_size=4)
    ),
    max_leaves=12,
)
LAYOUTS = st.recursive(
    st.sampled_from(["<u8", "|u1", "<i4", "|V16", "<u3", "|V0", "|O", "<M8", "", "V70000"]),
    lambda inner: st.lists(
        st.tuples(
            st.sampled_from(["cookie", "t", "local", "x", ""]),
            inner,
            st.lists(st.integers(-1, 70000), max_size=3),
        ),
        max_size=3,
    ),
    max_leaves=8,
)


def as_lists(value):
    return [as_lists(item) for item in value] if isinstance(value, list | tuple) else value


@settings(max_examples=300, deadline=None)
@given(
    preamble=PLAIN,
    halves=PLAIN | LAYOUTS.map(as_lists),
    events=PLAIN,
    footer=PLAIN,
    rows=st.binary(max_size=100),
)
def test_sound_frames_with_senseless_contents(sample, preamble, halves, events, footer, rows):
    for content in (preamble, {"header": HEADER, "halves": halves, "events": events}):
        start = frames.prefix() + frames.encode(Kind.HEADER, msgspec.msgpack.encode(content))
        sample.read(start + frames.encode(Kind.HALVES, rows or b"x"))
    sound = {"header": HEADER, "halves": describe(HALF), "events": describe(PATH_EVENT)}
    start = frames.prefix() + frames.encode(Kind.HEADER, msgspec.msgpack.encode(sound))
    trace = sample.read(start + frames.encode(Kind.FOOTER, msgspec.msgpack.encode(footer)))
    assert trace is not None


@settings(max_examples=300, deadline=None)
@given(layout=LAYOUTS.map(as_lists), seed=st.integers(0, 9))
def test_rows_of_any_layout_that_is_understood_become_halves(sample, layout, seed):
    try:
        dtype = understand(layout)
    except ValueError:
        return
    rows = np.random.default_rng(seed).integers(0, 256, 3 * dtype.itemsize, np.uint8).view(dtype)
    preamble = {"header": HEADER, "halves": layout, "events": describe(PATH_EVENT)}
    start = frames.prefix() + frames.encode(Kind.HEADER, msgspec.msgpack.encode(preamble))
    trace = sample.read(start + frames.encode(Kind.HALVES, rows.tobytes()))
    assert trace.halves.shape == (3,)
    is_number = "cookie" in dtype.names and dtype["cookie"].kind in "ui"
    expected = [number % 2**64 for number in rows["cookie"].tolist()] if is_number else [0, 0, 0]
    assert cookies_of(trace) == expected


@settings(max_examples=50, deadline=None)
@given(kinds=st.lists(st.integers(0, 255), max_size=30), length=st.integers(1, 300))
def test_frames_in_any_order(sample, kinds, length):
    start = sample.data[: sample.ends[0]]
    more = b"".join(frames.encode(kind, bytes(length)) for kind in kinds)
    trace = sample.read(start + more)
    assert trace is not None
    assert len(trace.halves) == 0 or length % HALF.itemsize == 0
