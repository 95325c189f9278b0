"""Writes a trace file while tracing: after a kill -9, all but the rows not yet handed over is in it."""

import os
from contextlib import suppress
from pathlib import Path
from types import TracebackType
from typing import Any, Self

import msgspec
import numpy as np

from synscope.capture import frames
from synscope.capture.frames import Kind
from synscope.capture.migrations import Layout, describe
from synscope.errors import SynscopeError
from synscope.events.trace import Footer, Header, Rows
from synscope.events.wire import FUNCTION_CALL, HALF, PATH_EVENT

LARGEST_META = 64 << 20
"""Bytes of a header or a footer: a reader makes Python objects of them, many times larger."""
DTYPES = {Kind.HALVES: HALF, Kind.EVENTS: PATH_EVENT, Kind.CALLS: FUNCTION_CALL}

_ROWS_OF_A_FRAME = 32 << 20  # bytes
_READABLE_BY_ALL = 0o644


class Preamble(msgspec.Struct):
    """The content of a file's first frame: the trace's header, and the layouts of the rows that follow."""

    header: Header
    halves: Layout
    events: Layout
    calls: Layout = msgspec.field(default_factory=lambda: describe(FUNCTION_CALL))


class TraceWriter:
    """A trace file that grows: `halves`, `events` and `calls` append frames, `close` says that all is there.

    As a context manager it closes the file; without a call of `close` the footer is missing, and a reader
    says that the trace was cut off. All raise SynscopeError where the file cannot be written (a full disk):
    frames that were written before stay readable.
    """

    def __init__(self, path: Path, header: Header, force: bool = False) -> None:
        """Creates `path`, readable by all; through sudo it belongs to the user who called it.

        Raises:
            SynscopeError: it exists and not `force`, or it cannot be created.
        """
        self._path = path
        self._end = 0
        self._descriptor: int | None = _create(path, force)
        preamble = Preamble(header, describe(HALF), describe(PATH_EVENT))
        try:
            self._append(frames.prefix() + frames.encode(Kind.HEADER, _packed(preamble)))
        except SynscopeError:
            self._close()
            raise

    def halves(self, rows: Rows) -> None:
        """Appends rows of `wire.HALF`, (n,); they are in the file when this returns."""
        self._rows(Kind.HALVES, rows)

    def events(self, rows: Rows) -> None:
        """Appends rows of `wire.PATH_EVENT`, (n,); they are in the file when this returns."""
        self._rows(Kind.EVENTS, rows)

    def calls(self, rows: Rows) -> None:
        """Appends rows of `wire.FUNCTION_CALL`, (n,); they are in the file when this returns."""
        self._rows(Kind.CALLS, rows)

    def close(self, footer: Footer) -> None:
        """Appends the footer and closes the file; a second call does nothing."""
        if self._descriptor is None:
            return
        try:
            self._append(frames.encode(Kind.FOOTER, _fitting(footer)))
        finally:
            self._close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._close()

    def _close(self) -> None:
        if self._descriptor is not None:
            os.close(self._descriptor)
            self._descriptor = None

    def _rows(self, kind: Kind, rows: Rows) -> None:
        dtype = DTYPES[kind]
        if rows.dtype != dtype:
            raise TypeError(f"rows of {rows.dtype} are no {kind.name}")
        step = _ROWS_OF_A_FRAME // dtype.itemsize
        for start in range(0, len(rows), step):
            self._append(frames.encode(kind, np.ascontiguousarray(rows[start : start + step]).tobytes()))

    def _append(self, data: bytes) -> None:
        """Unbuffered, so that only a frame that is being written can be cut by a kill -9."""
        descriptor = self._descriptor
        if descriptor is None:
            raise ValueError(f"{self._path} is closed")
        rest = memoryview(data)
        try:
            while rest:
                rest = rest[os.write(descriptor, rest) :]
        except OSError as error:
            _take_back(descriptor, self._end)
            raise SynscopeError(f"cannot write to {self._path}", _reason(error)) from error
        self._end += len(data)


def _take_back(descriptor: int, end: int) -> None:
    """Removes the part of a frame, behind which later ones would not be found."""
    with suppress(OSError):
        os.ftruncate(descriptor, end)
        os.lseek(descriptor, end, os.SEEK_SET)


def _create(path: Path, force: bool) -> int:
    """A descriptor of a new file, or, with `force`, of the emptied one, which keeps its owner and mode."""
    try:
        try:
            # O_EXCL follows no symbolic link: nobody's file is overwritten unasked.
            descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, _READABLE_BY_ALL)
        except FileExistsError:
            if not force:
                raise
            return os.open(path, os.O_WRONLY | os.O_TRUNC)
    except FileExistsError as error:
        raise SynscopeError(f"cannot write {path}", "it exists", "--force to overwrite it") from error
    except OSError as error:
        raise SynscopeError(f"cannot write {path}", _reason(error)) from error
    _share(descriptor)
    return descriptor


def _share(descriptor: int) -> None:
    """For who traces as root and looks as oneself. File systems that know no owners refuse it: no matter."""
    with suppress(OSError):
        os.fchmod(descriptor, _READABLE_BY_ALL)
    caller = os.environ.get("SUDO_UID", ""), os.environ.get("SUDO_GID", "")
    if os.geteuid() == 0 and all(caller):
        with suppress(OSError, ValueError, OverflowError):
            os.fchown(descriptor, int(caller[0]), int(caller[1]))


def _fitting(footer: Footer) -> bytes:
    """The footer; without the stacks where they make it too long to be read, and then it says so."""
    content = _packed(footer)
    if len(content) <= LARGEST_META:
        return content
    lost = {**footer.lost, "trace file: stacks too long": len(footer.stacks)}
    return _packed(msgspec.structs.replace(footer, stacks={}, lost=lost))


def _packed(value: Preamble | Footer) -> bytes:
    try:
        return msgspec.msgpack.encode(value)
    except UnicodeEncodeError:
        return msgspec.msgpack.encode(_readable(msgspec.to_builtins(value)))


def _readable(value: Any) -> Any:
    """Arguments and host names need not be UTF-8: what Python escaped to a surrogate is spelt out."""
    if isinstance(value, str):
        return value.encode("utf-8", "backslashreplace").decode()
    if isinstance(value, list):
        return [_readable(item) for item in value]
    if isinstance(value, dict):
        return {_readable(key): _readable(item) for key, item in value.items()}
    return value


def _reason(error: OSError) -> str:
    return error.strerror or str(error)
