"""The report of one connection."""

from collections.abc import Iterator

from synscope.connections.model import Connection
from synscope.events.trace import Trace
from synscope.export.report import paper
from synscope.export.report.about import about
from synscope.export.report.story import story
from synscope.views.style import Style


def of_one(connection: Connection, trace: Trace, style: Style) -> Iterator[str]:
    """The page, in pieces."""
    template = paper.templates().get_template("one.html")
    return template.generate(paper=paper, story=story(connection, style), about=about(trace, style))
