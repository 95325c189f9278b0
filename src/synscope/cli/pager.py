"""What is longer than the screen goes through a pager, where stdout is a terminal; `--no-pager` forbids it.

$PAGER, or `less -FRX`, which keeps colours and leaves the text on the screen. A pager that does not work
costs nothing: what it was given is printed as if there were none.
"""

import io
import os
import shlex
import shutil
import signal
import sys
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from typing import TYPE_CHECKING, Any

import click
import rich_click

from synscope.cli import ending

if TYPE_CHECKING:
    import subprocess

    from _typeshed import ReadableBuffer

FORBIDDEN = "synscope.no_pager"
"""Key of `Context.meta`."""
KEPT = 1 << 20
"""Bytes that are kept for a pager that fails: one that has read so much works."""

_LESS = "less -FRX"


class _LeftError(Exception):
    """The reader has left the pager before all was written."""


class Command(rich_click.RichCommand):
    """A command whose stdout is paged."""

    def invoke(self, ctx: click.Context) -> Any:
        argv = [] if ctx.meta.get(FORBIDDEN) else _argv()
        if not argv:
            return super().invoke(ctx)
        try:
            with _paged(argv):
                return super().invoke(ctx)
        except _LeftError:
            ending.die_of_broken_pipe()


def _argv() -> list[str]:
    """The pager's command; empty where there is to be none."""
    if not sys.stdout.isatty() or os.environ.get("TERM", "dumb") == "dumb":
        return []
    try:
        argv = shlex.split(os.environ.get("PAGER", _LESS))
    except ValueError:  # a quotation without end
        return []
    return argv if argv and argv != ["cat"] and shutil.which(argv[0]) else []


@contextmanager
def _paged(argv: list[str]) -> Iterator[None]:
    before, messages = sys.stdout, sys.stderr
    before.flush()
    screen = _Screen(before.fileno(), argv)
    text = io.TextIOWrapper(io.BufferedWriter(screen), encoding=before.encoding, errors=before.errors)
    sys.stdout = text
    try:
        yield
        text.flush()
    finally:
        sys.stdout = before
        with suppress(_LeftError):
            text.flush()
        screen.finish()
        sys.stderr = messages
        screen.messages.seek(0)
        messages.write(screen.messages.read())
        text.detach().detach()


class _Screen(io.RawIOBase):
    """The terminal: holds back a screenful, and has a pager show all if more comes.

    Attributes:
        messages: what was said on stderr while the pager had the terminal.
    """

    def __init__(self, descriptor: int, argv: list[str]) -> None:
        self.messages = io.TextIOWrapper(io.BytesIO(), encoding=sys.stderr.encoding, write_through=True)
        self._descriptor = descriptor
        self._argv = argv
        self._kept = bytearray()
        self._lines = os.get_terminal_size(descriptor).lines
        self._pager: subprocess.Popen[bytes] | None = None
        self._plain = False
        self._left = False

    def writable(self) -> bool:
        return True

    def isatty(self) -> bool:
        return True

    def fileno(self) -> int:
        return self._descriptor

    def write(self, data: "ReadableBuffer") -> int:
        """Raises _LeftError, once, when the reader has left the pager."""
        octets = bytes(data)
        if self._plain:
            _write(self._descriptor, octets)
        elif not self._left:
            self._hold(octets)
        return len(octets)

    def _hold(self, octets: bytes) -> None:
        if len(self._kept) <= KEPT:
            self._kept += octets
        if self._pager is not None:
            self._give(octets)
        elif self._kept.count(b"\n") >= self._lines:
            self._start()

    def finish(self) -> None:
        """Show what was held back, or wait until the reader has left the pager."""
        if self._pager is None:
            if not self._plain:
                _write(self._descriptor, self._kept)
        elif not self._left and not self._ended():
            self._print_instead()

    def _start(self) -> None:
        import subprocess  # noqa: PLC0415

        environment = {"LESS": "FRX", **os.environ}
        try:
            self._pager = subprocess.Popen(self._argv, stdin=subprocess.PIPE, env=environment)
        except OSError:
            self._print_instead()
            return
        if sys.stderr.isatty():
            sys.stderr = self.messages
        self._give(bytes(self._kept))

    def _give(self, octets: bytes) -> None:
        assert self._pager is not None
        assert self._pager.stdin is not None
        try:
            _write(self._pager.stdin.fileno(), octets)
        except BrokenPipeError:
            if self._ended():
                self._left = True
                raise _LeftError from None
            self._print_instead()

    def _ended(self) -> bool:
        """Wait for the pager, to whom Ctrl-C belongs meanwhile; whether it did its work."""
        assert self._pager is not None
        assert self._pager.stdin is not None
        before = signal.signal(signal.SIGINT, signal.SIG_IGN)
        try:
            self._pager.stdin.close()
            return self._pager.wait() == 0 or len(self._kept) > KEPT
        finally:
            signal.signal(signal.SIGINT, before)

    def _print_instead(self) -> None:
        self._plain = True
        self._pager = None
        _write(self._descriptor, self._kept)


def _write(descriptor: int, octets: bytes | bytearray) -> None:
    rest = memoryview(octets)
    while rest:
        rest = rest[os.write(descriptor, rest) :]
