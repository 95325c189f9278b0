"""The paper that a ladder is drawn on: two lanes, a clock for each beside the line between them.

    | client lane        client's clock ┊ server's clock  server lane |

A step is written in its own lane. A segment crosses: the sender's time stands at its tail, the
receiver's at its head.
"""

from collections.abc import Iterable, Iterator

import msgspec
from rich.text import Text

from synscope.connections.model import SideName
from synscope.text import fit
from synscope.views.lines import flow
from synscope.views.style import CALL, FRAME, TIME, Style

STUB = 2  # cells of line drawn on a side where the segment was not seen


class Arrow(msgspec.Struct, frozen=True, kw_only=True):
    """A segment as it is drawn.

    Attributes:
        label: its name, clean.
        tail, head: the sender's and the receiver's time as text, "" where unknown; None: not seen on
            that side, so only a stub is drawn there.
        ending: what stands at the end of a head that is a stub: an arrow head, `?`, `✗`, `…`.
        dotted: the segment itself was not captured.
    """

    source: SideName
    label: str
    tail: str | None
    head: str | None
    ending: str = ""
    dotted: bool = False


class Lanes(msgspec.Struct, frozen=True, kw_only=True):
    """The measures of one ladder: `lane` and `clock` are cells, alike on both sides."""

    style: Style
    lane: int
    clock: int

    def step(self, side: SideName, time: str, words: Iterable[Text]) -> Iterator[Text]:
        """Something that happens on one side: as many lines as its words need in the lane."""
        for line in flow(words, self.lane, indent=2):
            yield self._left(line, time) if side == "client" else self._right(line, time)
            time = ""

    def _left(self, words: Text, time: str) -> Text:
        line = Text(" ").append_text(words)
        line.append(" " * (self.lane - words.cell_len + 1))
        return line.append(time.rjust(self.clock), TIME).append(f" {self.style.glyphs.divider}", FRAME)

    def _right(self, words: Text, time: str) -> Text:
        line = Text(" " * (self.lane + self.clock + 3)).append(self.style.glyphs.divider, FRAME)
        return line.append(f" {time.rjust(self.clock)}  ", TIME).append_text(words)

    def pair(self, left: Text, right: Text) -> Text:
        """Words in both lanes on one line, without times."""
        line = self._left(left, "")
        return line.append(" " * (self.clock + 3)).append_text(right)

    def arrow(self, arrow: Arrow) -> Text:
        """One line that crosses from the sender's lane to the receiver's."""
        if arrow.source == "client":
            left, right = self._tail(arrow), self._head(arrow)
        else:
            left, right = self._head(arrow), self._tail(arrow)
        line = Text(" " * (self.lane + self.clock + 2 - left.cell_len)).append_text(left)
        return line.append(f" {self.style.glyphs.divider} ", FRAME).append_text(right)

    def _tail(self, arrow: Arrow) -> Text:
        clock = self._clock(arrow.tail or "", arrow.source)
        name = Text(fit(arrow.label, self._room(Text(), clock) - STUB - 1, self.style.glyphs), CALL)
        if arrow.tail is None:
            return _from_left(arrow.source, name, Text(self._line(arrow) * STUB))
        return _from_left(arrow.source, name, Text(self._line(arrow) * self._room(name, clock)), clock)

    def _head(self, arrow: Arrow) -> Text:
        to_right = arrow.source == "client"
        if arrow.head is None:
            point = Text(arrow.ending)
            line = Text(self._line(arrow) * STUB)
            return line.append_text(point) if to_right else point.append_text(line)
        clock = self._clock(arrow.head, "server" if to_right else "client")
        point = Text(self.style.glyphs.right if to_right else self.style.glyphs.left)
        line = Text(self._line(arrow) * (self._room(Text(), clock) - 1 + to_right))
        shaft = line.append_text(point) if to_right else point.append_text(line)
        return _from_left(arrow.source, clock, shaft)

    def _clock(self, time: str, side: SideName) -> Text:
        """The server's times stand right-aligned in their column; the client's do so by themselves."""
        return Text(time.rjust(self.clock) if time and side == "server" else time, TIME)

    def _line(self, arrow: Arrow) -> str:
        return self.style.glyphs.dots if arrow.dotted else self.style.glyphs.line

    def _room(self, name: Text, clock: Text) -> int:
        """Cells of line that fill a side of `lane + clock + 1` cells beside a name and a time."""
        taken = sum(part.cell_len + 1 for part in (name, clock) if part)
        return max(STUB, self.lane + self.clock + 1 - taken)


def _from_left(source: SideName, *parts: Text) -> Text:
    """The parts that are not empty, a space between, as a client's segment has them; else mirrored."""
    ordered = parts if source == "client" else reversed(parts)
    return Text(" ").join(part for part in ordered if part)
