"""What the reader's terminal can show: asked once, here, so that everything that draws stays pure."""

import os
import sys
from typing import TYPE_CHECKING, Literal, TextIO

if TYPE_CHECKING:
    from rich.console import Console

    from synscope.views.style import Style

Color = Literal["auto", "always", "never"]

PLAIN_WIDTH = 80
WIDEST = 120


def style(stream: TextIO, width: int | None = None) -> "Style":
    """How to draw for `stream`; `width` in columns overrides what the terminal says."""
    from synscope.views.style import Style  # noqa: PLC0415

    return Style(width=width or columns(stream), ascii=is_ascii(stream))


def console(stream: TextIO, color: Color, width: int) -> "Console":
    """A console that writes `stream`, in `width` columns, with the colours that were asked for."""
    from rich.console import Console  # noqa: PLC0415

    colored = wants_color(stream, color)
    return Console(
        file=stream,
        width=width,
        color_system="auto" if colored and color == "auto" else "standard" if colored else None,
        force_terminal=colored,
        no_color=not colored,
        markup=False,
        highlight=False,
        emoji=False,
        legacy_windows=False,
    )


def columns(stream: TextIO) -> int:
    """COLUMNS if set, else the terminal's width, else 80; at most 120."""
    named = os.environ.get("COLUMNS", "")
    if named.isdecimal() and int(named) > 0:
        return min(int(named), WIDEST)
    try:
        width = os.get_terminal_size(stream.fileno()).columns if stream.isatty() else PLAIN_WIDTH
    except (OSError, ValueError):
        width = PLAIN_WIDTH
    return min(width or PLAIN_WIDTH, WIDEST)


def is_ascii(stream: TextIO) -> bool:
    """Whether only ASCII is sure to arrive.

    LC_ALL=C counts: Python writes UTF-8 there all the same (PEP 540), but its reader has said ASCII.
    """
    if os.environ.get("LC_ALL") in ("C", "POSIX"):
        return True
    return "utf" not in (stream.encoding or "").lower()


def wants_color(stream: TextIO, color: Color) -> bool:
    """`always` and `never` are obeyed; `auto` is a terminal, unless NO_COLOR is set or TERM is dumb."""
    if color != "auto":
        return color == "always"
    plain = os.environ.get("NO_COLOR") or os.environ.get("TERM") in ("dumb", "unknown")
    return stream.isatty() and not plain


class StatusLine:
    """A count on stderr while a command runs long: a terminal's last line, erased at the end.

    The cursor stays at its start, so that output of the command goes over it. Nothing at all is
    written unless stderr is a terminal and stdout is not: where both are, the screen is the command's.
    """

    AFTER_NS = 2_000_000_000
    EVERY_NS = 500_000_000

    def __init__(self, now_ns: int, stream: TextIO | None = None) -> None:
        self._stream = stream or sys.stderr
        self._shown = False
        self._next = now_ns + self.AFTER_NS
        self._on = self._stream.isatty() and not sys.stdout.isatty()

    def update(self, now_ns: int, text: str) -> None:
        """Show `text` if it is time to."""
        if not self._on or now_ns < self._next:
            return
        self._next = now_ns + self.EVERY_NS
        self._shown = True
        self._stream.write(f"\r{text}\x1b[K\r")
        self._stream.flush()

    def erase(self) -> None:
        """Take the line away."""
        if self._shown:
            self._stream.write("\r\x1b[K")
            self._stream.flush()
