"""What opens over the panels: the ladder of one connection, and the help."""

from collections.abc import Callable, Iterable, Iterator
from typing import ClassVar

from rich.text import Text
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.screen import ModalScreen

from synscope.cli.watch_app.kept import LIMIT as KEPT_BYTES
from synscope.cli.watch_app.lines import Content, Lines
from synscope.views import live_filter, live_rows
from synscope.views.lines import paragraph
from synscope.views.style import FRAME, STATE, Style

Draw = Callable[[Style], Iterable[Text]]

KEYS = (
    ("1 2 3 4 tab", "connections, findings, phases, listeners"),
    ("arrows pgup pgdn home end", "move; at the top, the newest stay in sight"),
    ("enter", "the ladder of a connection, or of a finding's"),
    ("o O r", "sort by the next column; the last; in reverse"),
    ("/", "filter; esc: as it was before"),
    ("s", "save what came so far as a trace file"),
    ("q ctrl-c", "end"),
)


class Page(ModalScreen[None]):
    """Lines over the whole screen, drawn anew for its width; escape, enter and q close it."""

    BINDINGS: ClassVar[list[BindingType]] = [Binding("escape,enter,q,question_mark", "dismiss")]

    def __init__(self, draw: Draw, style_of: Callable[[], Style]) -> None:
        super().__init__()
        self._draw = draw
        self._style_of = style_of

    def compose(self) -> ComposeResult:
        """The lines alone."""
        yield Lines()

    def on_mount(self) -> None:
        """Draw."""
        self._show()

    def on_resize(self) -> None:
        """Draw for the new width."""
        self._show()

    def _show(self) -> None:
        lines = list(self._draw(self._style_of()))
        self.query_one(Lines).show(Content(Text(" esc: back", FRAME), lines, lambda line: line, pick=False))


def help_lines(style: Style) -> Iterator[Text]:
    """The keys, the filter's words, and what the view keeps."""
    yield Text()
    for keys, what in KEYS:
        yield Text(f" {keys:27}", STATE).append(what)
    yield Text()
    yield Text(" A filter is words with blanks between; all must hold, on either side:", FRAME)
    for example, what in live_filter.HELP:
        yield Text(f" {example:27}", STATE).append(what)
    yield Text()
    yield from paragraph(
        f"Kept are the newest {live_rows.LIMIT:,} connections to look at, and {KEPT_BYTES >> 20} MiB of rows "
        "to save. Ladders here are of record detail: synscope show draws all that a saved trace has.",
        style,
    )
