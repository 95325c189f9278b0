"""The kernel's path through one socket() call."""

from collections.abc import Iterator, Sequence

from rich.text import Text

from synscope.connections.model import Call
from synscope.views.call_lines import Tree, drawn, meanings
from synscope.views.calls import walk
from synscope.views.lines import flow, indented, paragraph
from synscope.views.shown_calls import forest
from synscope.views.style import Style

NOT_REACHED = (
    "No function below it was seen: what path detail sees is the stack of the moment in which the new socket "
    "sets up its timer, and this call did not get there. synscope lab sees every function."
)


def socket_path(calls: Sequence[Call], style: Style) -> Iterator[Text]:
    """The tree with its marks, and what they mean; `calls`: of one thread, in order."""
    trees = forest(calls).trees
    lines = list(walk(trees, style.glyphs))
    if lines:
        tree = Tree(zero_ns=calls[0].seen_ns or 0, timed=False, traced=False, style=style)
        for line in lines:
            yield from drawn(line, tree)
        yield from indented(flow(meanings(lines, tree), style.columns - 1, indent=0, gap="   "))
    if not any(call.children for call in calls):
        yield from paragraph(NOT_REACHED, style)
