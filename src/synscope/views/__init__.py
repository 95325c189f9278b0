"""Views: what people see of connections. Each is one file with a NAME, a ONE_LINE and `render`.

A view is a pure function to lines of `rich.text.Text`: it never wraps beyond the style's width, never
needs colour, and lets nothing foreign through that could steer a terminal.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from typing import TYPE_CHECKING, Protocol

from rich.text import Text

from synscope.connections.model import Connection
from synscope.views import calls, ladder, states, summary, table, timeline
from synscope.views.style import Style

if TYPE_CHECKING:
    from synscope.events.trace import Trace

__all__ = ["VIEWS", "Style", "View", "plain"]


class View(Protocol):
    """What a view's module holds."""

    @property
    def NAME(self) -> str:  # noqa: N802 - a constant of the module
        """As on the command line: `--view NAME`."""

    @property
    def ONE_LINE(self) -> str:  # noqa: N802
        """What it shows, for the help."""

    def render(self, connections: Sequence[Connection], trace: Trace, style: Style) -> Iterator[Text]:
        """Its lines, without newlines; made as they are asked for, so that thousands need no memory."""


_ALL: tuple[View, ...] = (ladder, calls, states, timeline, table, summary)

VIEWS: dict[str, View] = {view.NAME: view for view in _ALL}
"""The views by name, in the order in which the help lists them."""


def plain(lines: Iterable[Text]) -> str:
    """Lines as text without colour, each ended by a newline."""
    return "".join(f"{line.plain}\n" for line in lines)
