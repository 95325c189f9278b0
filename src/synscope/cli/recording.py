"""The trace file of `-o`, written while the trace is taken; without `-o` it does nothing."""

from pathlib import Path
from typing import TYPE_CHECKING

from synscope.errors import SynscopeError

if TYPE_CHECKING:
    from synscope.capture.writer import TraceWriter
    from synscope.events.trace import Footer, Header, Rows


class Recording:
    """Where a session's rows go as they come: `write` is its sink.

    A disk that fills up does not end the trace: `error` says what happened, for the end.

    Raises:
        SynscopeError: at once, before anything is traced, if `path` exists and not `force`.
    """

    def __init__(self, path: Path | None, force: bool = False) -> None:
        self.path = path
        self.error: SynscopeError | None = None
        self._force = force
        self._writer: TraceWriter | None = None
        if path is not None:
            check(path, force)

    def open(self, header: "Header") -> None:
        """Create the file. Raises SynscopeError."""
        if self.path is None:
            return
        from synscope.capture.writer import TraceWriter  # noqa: PLC0415

        self._writer = TraceWriter(self.path, header, self._force)

    def write(self, halves: "Rows", events: "Rows", calls: "Rows") -> None:
        """Append rows."""
        writer = self._writer
        if writer is None or self.error:
            return
        try:
            if halves.size:
                writer.halves(halves)
            if events.size:
                writer.events(events)
            if calls.size:
                writer.calls(calls)
        except SynscopeError as error:
            self.error = error

    def close(self, footer: "Footer") -> None:
        """Write the footer; after an error not: a reader shall say that the trace was cut off."""
        if self._writer is None or self.error:
            return
        try:
            self._writer.close(footer)
        except SynscopeError as error:
            self.error = error


def check(path: Path, force: bool) -> None:
    """Raises SynscopeError unless `path` can be written, and may be: it is new, or `force`."""
    what = f"cannot write {path}"
    if path.is_dir():
        raise SynscopeError(what, "it is a directory", f"-o {path}/trace.syn")
    if path.exists() and not force:
        raise SynscopeError(what, "it exists", "--force to overwrite it")
    if not path.parent.is_dir():
        raise SynscopeError(what, f"there is no directory {path.parent}", f"mkdir -p {path.parent}")
