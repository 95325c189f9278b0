"""The trace file, `.syn`: reads one, whole or cut off, and writes a trace that is at hand.

docs/reference/trace-file.md describes the format for other programs.
"""

from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any, BinaryIO, TypeVar

import msgspec
import numpy as np

from synscope.capture.frames import MAGIC, PREFIX, VERSION, Frame, Kind, frames
from synscope.capture.migrations import lift, understand
from synscope.capture.writer import DTYPES, LARGEST_META, Preamble, TraceWriter
from synscope.errors import Exit, SynscopeError
from synscope.events.trace import Footer, Rows, Trace

__all__ = ["DAMAGED", "LARGEST_TRACE", "TOO_LARGE", "TraceWriter", "read", "write"]

LARGEST_TRACE = 2 << 30
"""Bytes of rows that are read from one file."""

DAMAGED = "trace file: damaged frames"
TOO_LARGE = "trace file: rows beyond what is read"
"""Keys of `Footer.lost` that `read` adds."""

_UNREADABLE = (msgspec.MsgspecError, UnicodeError, RecursionError)
_Meta = TypeVar("_Meta", Preamble, Footer)


def write(path: Path, trace: Trace, force: bool = False) -> None:
    """Writes a whole trace. Raises SynscopeError as `TraceWriter` does."""
    with TraceWriter(path, trace.header, force) as writer:
        writer.halves(trace.halves)
        writer.events(trace.events)
        writer.calls(trace.calls)
        writer.close(trace.footer)


def read(path: Path, largest: int = LARGEST_TRACE) -> Trace:
    """What is whole in the file at `path`; `footer.complete` is False where something is missing.

    Damaged frames, and rows beyond `largest` bytes, are counted in `footer.lost`.

    Raises:
        SynscopeError: (`Exit.BAD_FILE`) it cannot be opened, is no trace, is of a newer format, or not even
            its header is whole.
    """
    try:
        with path.open("rb") as file:
            _check(file, path)
            return _trace(frames(file), path, largest)
    except OSError as error:
        raise _bad(path, error.strerror or str(error)) from error


def _check(file: BinaryIO, path: Path) -> None:
    """The magic and the version."""
    start = file.read(PREFIX.size)
    if not start:
        raise _bad(path, "it is empty")
    if not start.startswith(MAGIC):
        raise _bad(path, "it is not a trace of synscope")
    version = int.from_bytes(start[len(MAGIC) :], "little")
    if len(start) < PREFIX.size or version == 0:
        raise _bad(path, "its beginning is damaged")
    if version > VERSION:
        why = f"it was written in format {version}, and this synscope reads formats up to {VERSION}"
        raise _bad(path, why, "pip install --upgrade synscope")


def _bad(path: Path, why: str, remedy: str = "") -> SynscopeError:
    return SynscopeError(f"cannot read {path}", why, remedy, Exit.BAD_FILE)


def _trace(stream: Iterator[Frame], path: Path, largest: int) -> Trace:
    preamble = _preamble(next(stream, None), path)
    try:
        layouts = {
            Kind.HALVES: understand(preamble.halves),
            Kind.EVENTS: understand(preamble.events),
            Kind.CALLS: understand(preamble.calls),
        }
    except ValueError as error:
        raise _bad(path, f"its header describes no rows: {error}") from error
    rows = _Rows(layouts, largest)
    footer = _rest(stream, rows)
    return Trace(
        header=preamble.header,
        halves=rows.of(Kind.HALVES),
        events=rows.of(Kind.EVENTS),
        calls=rows.of(Kind.CALLS),
        footer=footer,
    )


def _preamble(frame: Frame | None, path: Path) -> Preamble:
    found = _unpacked(frame, Preamble) if frame and frame.kind == Kind.HEADER else None
    if found is None:
        raise _bad(path, "its header is cut off or damaged, and without it nothing can be read")
    return found


def _rest(stream: Iterator[Frame], rows: "_Rows") -> Footer:
    """Hands all frames up to the footer to `rows`."""
    footer = None
    while footer is None and (frame := next(stream, None)) is not None:
        rows.take(frame)
        footer = _unpacked(frame, Footer) if frame.kind == Kind.FOOTER else None
    if footer is None:
        return Footer(complete=False, lost=dict(rows.lost))
    if rows.lost:
        return msgspec.structs.replace(footer, complete=False, lost={**footer.lost, **rows.lost})
    return footer


def _unpacked(frame: Frame, kind: type[_Meta]) -> _Meta | None:
    content = frame.content(LARGEST_META)
    try:
        return None if content is None else msgspec.msgpack.decode(content, type=kind)
    except _UNREADABLE:
        return None


class _Rows:
    """Collects the rows of a file as rows of this synscope's dtypes, as far as there is room."""

    def __init__(self, layouts: dict[Kind, np.dtype[Any]], room: int) -> None:
        self.lost: Counter[str] = Counter()
        self._layouts = layouts
        self._room = room
        self._parts: dict[Kind, list[Rows]] = {kind: [] for kind in layouts}

    def of(self, kind: Kind) -> Rows:
        """Joins all rows of a kind, in the order of the file, and gives up the parts, so as not to hold both.

        Rows are copied as bytes, many times as fast as field by field.
        """
        parts = self._parts[kind]
        joined = np.empty(sum(len(part) for part in parts), DTYPES[kind])
        target = joined.view(np.uint8)
        while parts:
            octets = parts.pop().view(np.uint8)
            target, end = target[: len(target) - len(octets)], target[len(target) - len(octets) :]
            end[:] = octets
        return joined

    def take(self, frame: Frame) -> None:
        """Adds the rows of `frame`, if it has any, or counts what is lost with it."""
        if not frame.whole:
            self.lost[DAMAGED] += 1
        elif frame.kind in self._layouts:
            self._add(Kind(frame.kind), frame)

    def _add(self, kind: Kind, frame: Frame) -> None:
        layout, dtype = self._layouts[kind], DTYPES[kind]
        count = frame.size() // layout.itemsize
        cost = count * max(layout.itemsize, dtype.itemsize)  # short rows grow when they are lifted
        if cost > self._room:
            self.lost[TOO_LARGE] += count
            return
        content = None if frame.size() % layout.itemsize else frame.content()
        self._room -= cost  # also where it is damaged: the work was done
        if content is None:
            self.lost[DAMAGED] += 1
            return
        self._parts[kind].append(lift(np.frombuffer(content, layout), dtype))
