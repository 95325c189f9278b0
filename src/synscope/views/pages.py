"""The pages of findings for a terminal: `synscope explain`."""

from __future__ import annotations

from collections.abc import Iterator

from rich.text import Text

from synscope.diagnosis.page import page
from synscope.diagnosis.registry import Rule, all_rules
from synscope.views.lines import flow, indented
from synscope.views.style import NOTE, TITLE, Style


def index(style: Style) -> Iterator[Text]:
    """Every code with its line."""
    widest = max(len(rule.CODE) for rule in all_rules())
    for rule in all_rules():
        words = (Text(word) for word in style.clean(page(rule).title).split())
        lead = Text(rule.CODE.ljust(widest + 2), TITLE)
        for line in flow(words, style.columns - widest - 2, indent=0, gap=" "):
            yield lead.append_text(line)
            lead = Text(" " * (widest + 2))


def whole(code: str, style: Style) -> Iterator[Text]:
    """One finding's page, heading by heading, and how it is named elsewhere."""
    rule = next(rule for rule in all_rules() if code == rule.CODE)
    title, sections = page(rule)
    yield Text(f"{rule.CODE}: ", TITLE).append(style.clean(title), TITLE)
    words = (Text(part, NOTE) for part in _elsewhere(rule))
    yield from flow(words, style.columns, indent=2, gap=", ")
    for heading, text in sections.items():
        yield Text()
        yield Text(heading, TITLE)
        words = (Text(word) for word in style.clean(text.replace("\n", " ")).split())
        yield from indented(flow(words, style.columns - 2, indent=0, gap=" "), 2)


def _elsewhere(rule: Rule) -> Iterator[str]:
    yield f"severity {rule.SEVERITY}"
    yield f"Zeek conn_state {rule.CONN_STATE}" if rule.CONN_STATE else "not seen by Zeek"
    if rule.ERROR_TYPE:
        yield f"OpenTelemetry error.type {rule.ERROR_TYPE}"
