"""How a view is drawn: width, signs, and the names of the inks."""

import msgspec

from synscope.text import ASCII, UNICODE, Glyphs, clean, duration, relative

NARROWEST = 72
WIDEST = 120
"""Columns: a view keeps to the width asked for, within these; below, two lanes do not fit, and above,
lines are hard to follow."""


class Style(msgspec.Struct, frozen=True, kw_only=True):
    """What the reader's terminal can show.

    Attributes:
        width: terminal columns. No view prints a longer line (`NARROWEST` columns are always taken).
        ascii: nothing but ASCII.
        explain: say what each kernel function does.
        all_functions: draw every call, however many there are.
    """

    width: int = 80
    ascii: bool = False
    explain: bool = False
    all_functions: bool = False

    @property
    def columns(self) -> int:
        """The width to draw in, in terminal cells."""
        return max(NARROWEST, min(self.width, WIDEST))

    @property
    def glyphs(self) -> Glyphs:
        """The signs to draw with."""
        return ASCII if self.ascii else UNICODE

    def clean(self, text: str) -> str:
        """Foreign text, harmless and in the characters that the terminal has."""
        return clean(text, ascii_only=self.ascii)

    def duration(self, ns: int) -> str:
        """`96 µs`: see `synscope.text.duration`."""
        return duration(ns, self.glyphs)

    def relative(self, ns: int) -> str:
        """`+14 µs`: see `synscope.text.relative`."""
        return relative(ns, self.glyphs)


# Inks, as rich styles. Colour never carries a meaning that the text does not.
TITLE = "bold"
STATE = "bold cyan"
FUNCTION = "cyan"
CALL = "bold"
TIME = "yellow"
FRAME = "dim"
NOTE = "dim"
GOOD = "green"
BAD = "bold red"
