"""The screen: status, one of the panels, what is said or asked, the keys."""

import time
from collections.abc import Callable
from pathlib import Path
from typing import ClassVar

from rich.text import Text
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.widgets import Input, Static

from synscope.cli.live_lines import clock
from synscope.cli.watch_app.asking import HINTS, AskingApp, Question
from synscope.cli.watch_app.feed import Feed
from synscope.cli.watch_app.lines import Lines
from synscope.cli.watch_app.pages import Page, help_lines
from synscope.cli.watch_app.panels import PANELS, connection_of, finding_line
from synscope.events.trace import Header, Trace
from synscope.views import ladder, live_status
from synscope.views.live_rates import Rates
from synscope.views.live_rows import LiveRows
from synscope.views.live_table import SORTABLE, Drawing
from synscope.views.style import FRAME, NOTE, Style

TICK_S = 0.25
SUMS_S = 1.0
"""Between two drawings of a panel that sums up all that is kept."""

Save = Callable[[Path, bool], None]
"""Saves to a file, replacing it or not; the feed says later how it went. Raises SynscopeError."""


class WatchApp(AskingApp):
    """Takes connections from `feed` until `over` says that there will be no more, or its user quits."""

    ENABLE_COMMAND_PALETTE = False
    CSS = """
    Static, Input, Input:focus { height: 1; padding: 0; border: none; background: ansi_default; }
    Lines { height: 1fr; }
    Page { background: ansi_default; }
    """
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("ctrl+c,ctrl+q", "quit", priority=True),
        Binding("q", "quit_by_letter"),
        *(Binding(str(at + 1), f"panel({at})") for at in range(len(PANELS))),
        Binding("tab", "panel(None)", priority=True),
        Binding("o", "sort(1)"),
        Binding("O", "sort(-1)"),
        Binding("r", "reverse"),
        Binding("enter", "open"),
        Binding("slash", "filter"),
        Binding("s", "save"),
        Binding("question_mark", "help"),
    ]

    def __init__(
        self, feed: Feed, over: Callable[[], bool], header: Header, save: Save, ascii_only: bool
    ) -> None:
        super().__init__(ansi_color=True)
        self.theme = "ansi-dark"
        self.rows = LiveRows()
        self._feed, self._over, self._header, self._save, self._ascii = feed, over, header, save, ascii_only
        self._rates = Rates(time.monotonic())
        self._offset_ns = header.started_wall_ns - header.started_mono_ns
        self._sorted, self._descending = 0, True
        self._panel = 0
        self._summed = 0.0

    def compose(self) -> ComposeResult:
        """Top to bottom."""
        for name in ("head", "counts", "setup", "newest", "tabs"):
            yield Static(id=name)
        yield Lines()
        yield Static(id="said")
        yield Static(Text(HINTS, FRAME), id="keys")
        yield Input(select_on_focus=False)

    def on_mount(self) -> None:
        """Begin to take connections."""
        self.main.query_one(Input).display = False
        self.main.query_one(Lines).focus()
        self.set_interval(TICK_S, self._tick)

    def on_resize(self) -> None:
        """Draw for the new size."""
        self.call_after_refresh(self._draw)

    def _tick(self) -> None:
        now, fresh = time.monotonic(), self._feed.take()
        self._rates.add(now, fresh)
        self.rows.add(fresh)
        if (said := self._feed.said()) is not None:
            self.say(said)
        if self._over():
            self.exit()
        if fresh and (PANELS[self._panel].cheap or now - self._summed >= SUMS_S):
            self._draw_panel()
        self._draw_status()

    # drawing

    @property
    def _style(self) -> Style:
        return Style(width=self.size.width, ascii=self._ascii)

    @property
    def _drawing(self) -> Drawing:
        return Drawing(
            self.size.width,
            self._style,
            lambda t_ns: clock(t_ns + self._offset_ns),
            SORTABLE[self._sorted],
            self._descending,
        )

    def _draw(self) -> None:
        self._draw_panel()
        self._draw_status()

    def _draw_status(self) -> None:
        rates = self._rates.per_second(time.monotonic())
        counts, setup = live_status.status(self.rows, rates, self._rates.failed, self._style)
        found = self.rows.found
        newest = (
            Text(" no findings so far", NOTE)
            if found is None
            else finding_line(found, found.connection.findings[0], self._drawing)
        )
        lines = self.main.query_one(Lines)
        names = [panel.name for panel in PANELS]
        tabs = live_status.tabs(names, self._panel, self.rows, lines.position, self.size.width)
        head = live_status.head(self._header, clock(time.time_ns())[:8], self.size.width, self._style)
        shown = {"head": head, "counts": counts, "setup": setup, "newest": newest, "tabs": tabs}
        for name, text in shown.items():
            self.main.query_one(f"#{name}", Static).update(text)

    def _draw_panel(self) -> None:
        self._summed = time.monotonic()
        content = PANELS[self._panel].content(self.rows, self._drawing)
        self.main.query_one(Lines).show(content)

    # keys

    async def action_quit_by_letter(self) -> None:
        """End, unless the letter is typed into an answer."""
        await self.action_quit()

    def action_panel(self, at: int | None) -> None:
        """Show panel `at`, or the next."""
        self._panel = (self._panel + 1) % len(PANELS) if at is None else at
        self._draw_panel()
        self.main.query_one(Lines).to_top()
        self._draw_status()

    def action_sort(self, by: int) -> None:
        """Sort by the column so many further."""
        self._sorted = (self._sorted + by) % len(SORTABLE)
        self._descending = SORTABLE[self._sorted].descending
        self._order()

    def action_reverse(self) -> None:
        """Sort the other way round."""
        self._descending = not self._descending
        self._order()

    def _order(self) -> None:
        column = SORTABLE[self._sorted]
        assert column.key is not None
        self.rows.order(column.key, self._descending)
        self.action_panel(0)

    def action_open(self) -> None:
        """The ladder of what the cursor is on."""
        connection = connection_of(self.main.query_one(Lines).chosen)
        if connection is not None:
            trace = Trace(header=self._header)
            self.push_screen(
                Page(lambda style: ladder.render([connection], trace, style), lambda: self._style)
            )

    def action_help(self) -> None:
        """The keys, and the words of a filter."""
        self.push_screen(Page(help_lines, lambda: self._style))

    def action_filter(self) -> None:
        """Ask for a filter; it holds while it is typed."""
        before = self.rows.filter_text
        words = "filter, for example: outcome:failed port:443 phase:accept_queue>10ms"
        self.ask(Question(words, before, self._filtered, self._filter, lambda: self._filtered(before)))

    def _filter(self, text: str) -> None:
        self.rows.filter(text)
        self._draw()
        self.say(f"filter: {len(self.rows.shown):,} of {len(self.rows.kept):,} connections")

    def _filtered(self, text: str) -> None:
        self._filter(text)
        self.say(f"filter: {text}" if text else "")

    def action_save(self) -> None:
        """Ask for a file, and save."""
        name = time.strftime("synscope-%Y%m%d-%H%M%S.syn")
        self.ask(Question("save what came so far as", name, self._to))

    def _to(self, answer: str) -> None:
        path = Path(answer).expanduser()
        if path.is_file():
            self.ask(Question(f"{path} exists; replace it? y or n", "", lambda yes: self._replace(path, yes)))
        else:
            self._save(path, False)

    def _replace(self, path: Path, answer: str) -> None:
        if answer.lower() in ("y", "yes"):
            self._save(path, True)
        else:
            self.say("not saved")
