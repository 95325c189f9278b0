"""The paper of a drawn ladder: where its columns are, in pixels, and its colours."""

from typing import NamedTuple

from synscope.connections.model import Context, SideName


class Paper(NamedTuple):
    """The measures of the left half, which the right one mirrors.

    Attributes:
        words, time: where words and times end, from the left edge.
        label: from where on a line leads from a label to its moment.
        process, softirq: the rails of the two contexts.
        line: height of a line of words.
        notes: whether functions and times have room: else only the shortest words are written.
    """

    width: int
    words: int
    time: int
    label: int
    process: int
    softirq: int
    line: int
    notes: bool

    def x(self, at: float, side: SideName) -> float:
        """A column on that side."""
        return at if side == "client" else self.width - at

    def rail(self, context: Context | None, side: SideName) -> float:
        """Where a moment lies; where the context is not known, between the two rails."""
        at = {"process": self.process, "softirq": self.softirq}.get(
            context or "", (self.process + self.softirq) / 2
        )
        return self.x(at, side)


WIDE = Paper(880, 200, 268, 274, 296, 318, 16, True)
NARROW = Paper(358, 98, 98, 102, 116, 130, 13, False)

_LIGHT = {
    "paper": "#ffffff",
    "ink": "#1f2328",
    "soft": "#656d76",
    "lane": "#f6f8fa",
    "rail": "#8c959f",
    "faint": "#c4cad1",
    "client": "#0969da",
    "server": "#bc4c00",
    "bad": "#cf222e",
}
_DARK = {
    "paper": "#0d1117",
    "ink": "#e6edf3",
    "soft": "#9198a1",
    "lane": "#161b22",
    "rail": "#6e7681",
    "faint": "#3d444d",
    "client": "#4493f8",
    "server": "#f0883e",
    "bad": "#ff7b72",
}
_FORM = """
.ladder { font: 12.5px system-ui, "Segoe UI", "DejaVu Sans", sans-serif; font-variant-numeric: tabular-nums }
.ladder.narrow { font-size: 11px }
.ladder .note, .ladder .caption, .ladder .carried { font-size: 11px }
.ladder .by { font: 11px ui-monospace, "DejaVu Sans Mono", monospace }
.ladder .call, .ladder .state, .ladder .name { font-weight: 600 }
.ladder .host { font-weight: 600; font-size: 14px }
.ladder .rail { stroke-width: 1.2 } .ladder .rail.softirq { stroke-dasharray: 2 3 }
.ladder .leader, .ladder .break, .ladder .arrow, .ladder .rail { fill: none }
.ladder .break { stroke-dasharray: 3 3 } .ladder .busy { fill-opacity: .28 }
.ladder .arrow { stroke-width: 1.8 } .ladder .arrow.inferred { stroke-dasharray: 5 4 }
.ladder .halo { stroke-width: 4px; paint-order: stroke; stroke-linejoin: round }
"""
_INKS = """
.ladder text {{ fill: {ink} }}
.ladder .note, .ladder .caption, .ladder .carried, .ladder .time {{ fill: {soft} }}
.ladder .lane {{ fill: {lane} }} .ladder .rail {{ stroke: {rail} }} .ladder .halo {{ stroke: {paper} }}
.ladder .leader, .ladder .break {{ stroke: {faint} }}
.ladder .fill.client {{ fill: {client} }} .ladder .fill.server {{ fill: {server} }}
.ladder .line.client {{ stroke: {client} }} .ladder .line.server {{ stroke: {server} }}
.ladder .fill.bad {{ fill: {bad} }} .ladder .line.bad {{ stroke: {bad} }}
.ladder .page {{ fill: {paper} }}
"""
STYLE = f"""{_FORM}{_INKS.format(**_LIGHT)}@media (prefers-color-scheme: dark) {{{_INKS.format(**_DARK)}}}
"""
