"""A widget of lines, of which only those in sight are drawn, however many there are."""

from collections.abc import Callable, Hashable, Sequence
from typing import Any, ClassVar

import msgspec
from rich.style import Style
from rich.text import Text
from textual.binding import Binding, BindingType
from textual.strip import Strip
from textual.widget import Widget

from synscope.views.style import FRAME

_CURSOR = Style(reverse=True)


def _itself(item: Any) -> Hashable:
    return item  # type: ignore[no-any-return]


class Content(msgspec.Struct, frozen=True):
    """What is drawn: a heading that stays, and a line an item.

    Attributes:
        identity: tells items apart, so that the cursor stays on its item when others come.
        pick: whether there is a cursor.
    """

    heading: Text
    items: Sequence[Any]
    draw: Callable[[Any], Text]
    identity: Callable[[Any], Hashable] = _itself
    pick: bool = True


EMPTY = Content(Text(), (), Text, pick=False)


class Lines(Widget, can_focus=True):
    """Shows a `Content`; the arrows move its cursor, or the lines where it has none."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("up,k", "move(-1)"),
        Binding("down,j", "move(1)"),
        Binding("pageup", "page(-1)"),
        Binding("pagedown,space", "page(1)"),
        Binding("home,g", "move(-1000000000)"),
        Binding("end,G", "move(1000000000)"),
    ]

    def __init__(self, content: Content = EMPTY) -> None:
        super().__init__()
        self._content = content
        self._cursor = 0
        self._top = 0

    def show(self, content: Content) -> None:
        """Draw this from now on. The cursor goes with its item; at the top it stays there."""
        if content.pick and self._cursor and (chosen := self.chosen) is not None:
            wanted = self._content.identity(chosen)
            places = (at for at, item in enumerate(content.items) if content.identity(item) == wanted)
            moved = next(places, self._cursor)
            self._top += moved - self._cursor
            self._cursor = moved
        self._content = content
        self._settle()

    def to_top(self) -> None:
        """Back to the first line."""
        self._cursor = self._top = 0
        self._settle()

    @property
    def chosen(self) -> Any:
        """The item under the cursor; None where there is none."""
        items = self._content.items
        return items[self._cursor] if self._content.pick and self._cursor < len(items) else None

    @property
    def position(self) -> str:
        """Which lines are in sight, `1-16 of 1,234`; empty while all are."""
        count = len(self._content.items)
        if count <= self._room:
            return ""
        return f"{self._top + 1:,}-{min(count, self._top + self._room):,} of {count:,}"

    def action_move(self, by: int) -> None:
        """By so many lines."""
        if self._content.pick:
            self._cursor += by
        else:
            self._top += by
        self._settle()

    def action_page(self, by: int) -> None:
        """By so many screens."""
        self.action_move(by * max(1, self._room - 1))

    def on_resize(self) -> None:
        """Keep the cursor in sight."""
        self._settle()

    @property
    def _room(self) -> int:
        return max(0, self.size.height - 1)

    def _settle(self) -> None:
        """The cursor on an item, and in sight; the last line not above the bottom without need."""
        count = len(self._content.items)
        self._cursor = max(0, min(self._cursor, count - 1))
        if self._content.pick:
            self._top = max(self._cursor - self._room + 1, min(self._top, self._cursor))
        self._top = max(0, min(self._top, count - self._room))
        self.refresh()

    def render_line(self, y: int) -> Strip:
        """The widget's line `y`."""
        at = self._top + y - 1
        if y == 0:
            return self._strip(self._heading())
        if at >= len(self._content.items):
            return Strip.blank(self.size.width)
        strip = self._strip(self._content.draw(self._content.items[at]))
        return strip.apply_style(_CURSOR) if self._content.pick and at == self._cursor else strip

    def _heading(self) -> Text:
        """What is only read has its position beside its heading, where there is room."""
        heading, position = self._content.heading.copy(), self.position
        room = self.size.width - heading.cell_len - 1
        if not self._content.pick and len(position) < room:
            heading.append(position.rjust(room), FRAME)
        return heading

    def _strip(self, text: Text) -> Strip:
        return Strip(text.render(self.app.console)).adjust_cell_length(self.size.width)
