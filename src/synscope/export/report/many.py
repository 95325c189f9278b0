"""The report of many connections: an overview, a list, and the story of each."""

from collections.abc import Iterator, Sequence

from synscope.connections.model import Connection
from synscope.events.trace import Trace
from synscope.export.formats import Say
from synscope.export.report import paper
from synscope.export.report.about import about
from synscope.export.report.attempts import attempts
from synscope.export.report.overview import overview
from synscope.export.report.packed import CUT, PER_PACK, listed, pack
from synscope.export.report.rows import Row, row, sample, telling, worst
from synscope.export.report.story import story
from synscope.views.style import Style


def of_many(connections: Sequence[Connection], trace: Trace, style: Style, say: Say) -> Iterator[str]:
    """The page, in pieces: connections are made twice, once for the overview and once for their stories."""
    rows = [row(at, connection, style) for at, connection in enumerate(connections)]
    shown, which = sample(rows)
    if which:
        say(which)
    first = telling(rows)
    few = len(first) == len(rows)
    template = paper.templates().get_template("many.html")
    return template.generate(
        paper=paper,
        about=about(trace, style),
        spent=style.duration(max(0, trace.footer.ended_mono_ns - trace.header.started_mono_ns)),
        overview=overview(rows, style) if rows else None,
        attempts="" if few else attempts(rows, trace.header.started_mono_ns, style),
        few=few,
        which=which,
        first=[
            _story(connections, one, style, whole=True, opened=few and one is worst(first)) for one in first
        ],
        listed=listed(shown, style),
        packs=_packs(connections, shown, style),
    )


def _packs(connections: Sequence[Connection], shown: Sequence[Row], style: Style) -> Iterator[str]:
    """Made one by one as the page is written."""
    for at in range(0, len(shown), PER_PACK):
        yield pack(_story(connections, one, style, whole=False) for one in shown[at : at + PER_PACK])


def _story(
    connections: Sequence[Connection], one: Row, style: Style, *, whole: bool, opened: bool = False
) -> str:
    told = story(connections[one.at], style, whole=whole)
    return (
        paper.templates()
        .get_template("story.html")
        .render(story=told, opened=opened, cut="" if whole else CUT)
    )
