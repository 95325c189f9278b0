"""Findings as the report tells them: in plain words, with what was seen, and with the page of their rule."""

from typing import NamedTuple

from synscope.connections.model import Finding
from synscope.diagnosis.page import page
from synscope.diagnosis.registry import all_rules
from synscope.views.findings import said
from synscope.views.style import Style

_HEADINGS = ("What happened", "How synscope knows", "What it would look like otherwise")


class Card(NamedTuple):
    """A finding; `parts` are its sentences by what they are, `about` the paragraphs of the rule's page."""

    code: str
    severity: str
    summary: str
    parts: tuple[tuple[str, tuple[str, ...]], ...]
    confidence: str
    about: tuple[tuple[str, str], ...]


def card(finding: Finding, style: Style) -> Card:
    """The finding, clean."""
    parts = (
        ("seen", finding.evidence),
        ("ruled out", finding.counter_evidence),
        ("unsure", finding.doubts),
        ("do", (finding.remedy,) if finding.remedy else ()),
    )
    return Card(
        code=finding.code,
        severity=finding.severity,
        summary=said(finding.summary, style),
        parts=tuple((name, tuple(said(one, style) for one in told)) for name, told in parts if told),
        confidence="" if finding.confidence == 1 else f"{finding.confidence:g}",
        about=_about(finding.code),
    )


def _about(code: str) -> tuple[tuple[str, str], ...]:
    rule = next((rule for rule in all_rules() if code == rule.CODE), None)
    if rule is None:
        return ()
    sections = page(rule).sections
    return tuple((heading, sections[heading]) for heading in _HEADINGS if heading in sections)
