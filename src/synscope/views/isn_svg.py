"""Initial sequence numbers as SVG: over time, and how far they are from their clock."""

from xml.etree import ElementTree as ET

import numpy as np

from synscope.connections.isns import Peer
from synscope.tcp.isn.classify import KEYED, Analysis
from synscope.tcp.isn.clock import EACH, residuals
from synscope.tcp.isn.samples import Floats
from synscope.views.isn import WORDS
from synscope.views.isn_plot import Panel, panels
from synscope.views.style import Style

_PLOT, _LEFT, _TOP, _APART = (400, 260), 40, 118, 60
_STYLE = """
svg { font: 13px system-ui, "Segoe UI", "DejaVu Sans", sans-serif }
.page { fill: #ffffff } text { fill: #1f2328 } .note { fill: #656d76 }
.title { font-size: 19px; font-weight: 600 } .name { font-weight: 600; font-size: 15px }
.frame { fill: #f6f8fa; stroke: #8c959f } .dot { fill: #0969da; fill-opacity: 0.65 }
@media (prefers-color-scheme: dark) {
.page { fill: #0d1117 } text { fill: #e6edf3 } .note { fill: #8d96a0 }
.frame { fill: #161b22; stroke: #6e7681 } .dot { fill: #4493f8 }
}
"""


def svg(peer: Peer, analysis: Analysis, style: Style) -> str:
    """The drawing as a document: a panel a kind of 4-tuple, and one for the residuals of a clock."""
    drawn = [(panel, f"+{panel.height:,}", f"{panel.bottom:,}") for panel in panels(peer)]
    if analysis.clock is not None and analysis.steps is None:
        shared = analysis.generator not in KEYED
        left = _left_over(peer, analysis.clock.per_second, shared=shared)
        top = left.height // 2
        drawn.append((left, f"+{top:,} from the clock", f"{-top:,}"))
    width = _LEFT + len(drawn) * (_PLOT[0] + _APART)
    height = _TOP + _PLOT[1] + 50
    root = ET.Element("svg", {"xmlns": "http://www.w3.org/2000/svg", "viewBox": f"0 0 {width} {height}"})
    ET.SubElement(root, "style").text = _STYLE
    ET.SubElement(root, "rect", {"class": "page", "width": "100%", "height": "100%"})
    _text(root, (_LEFT, 38), f"Initial sequence numbers of {style.clean(peer.name)}", "title")
    _text(root, (_LEFT, 62), WORDS[analysis.generator], "note")
    span = float(peer.samples.seconds[-1])
    for at, (panel, high, low) in enumerate(drawn):
        _panel(root, _LEFT + at * (_PLOT[0] + _APART), panel, (high, low), span)
    ET.indent(root)
    return ET.tostring(root, encoding="unicode") + "\n"


def _left_over(peer: Peer, per_second: float, *, shared: bool) -> Panel:
    """Residuals, around the middle of the panel: of all, or of the 4-tuples that have a clock each."""
    samples = peer.samples.as_one_flow() if shared else peer.samples.repeated(EACH)
    left = residuals(samples, per_second)
    reach = max(1, int(np.abs(left).max()))
    x = (samples.t_ns - peer.samples.t_ns[0]) / 1e9
    return Panel("distance from the clock", x, left + reach, -reach, 2 * reach)


def _panel(root: ET.Element, left: int, panel: Panel, scale: tuple[str, str], span: float) -> None:
    width, height = _PLOT
    bottom = _TOP + height
    frame = {"x": left, "y": _TOP, "width": width, "height": height}
    ET.SubElement(root, "rect", {"class": "frame"} | {name: str(value) for name, value in frame.items()})
    _text(root, (left, _TOP - 28), panel.title, "name")
    _text(root, (left, _TOP - 8), scale[0], "note")
    _text(root, (left, bottom + 20), scale[1], "note")
    _text(root, (left + width, bottom + 20), f"{span:.1f} s", "note", "end")
    across: Floats = left + 4 + panel.x / (span or 1) * (width - 8)
    down: Floats = bottom - 4 - panel.y / panel.height * (height - 8)
    for x, y in zip(across.tolist(), down.tolist(), strict=True):
        ET.SubElement(root, "circle", {"class": "dot", "cx": f"{x:.1f}", "cy": f"{y:.1f}", "r": "2.4"})


def _text(parent: ET.Element, at: tuple[int, int], text: str, classes: str, anchor: str = "start") -> None:
    where = {"x": str(at[0]), "y": str(at[1]), "class": classes, "text-anchor": anchor}
    ET.SubElement(parent, "text", where).text = text
