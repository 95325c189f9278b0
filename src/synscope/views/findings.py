"""Findings as people read them: below a ladder, in a live line, and by code over many connections."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING

from rich.text import Text

from synscope.connections.model import Connection, Finding
from synscope.diagnosis.diagnose import unconnected
from synscope.text import fit
from synscope.views.lines import flow, number_of
from synscope.views.style import BAD, FRAME, NOTE, STATE, TITLE, Style

if TYPE_CHECKING:
    from synscope.events.trace import Trace

INKS = {"error": BAD, "warning": STATE, "info": NOTE}
_INDENT = 13
_SURE = 0.9
_MICROSECONDS = re.compile(r"(?<=\d) us\b")


def findings(connection: Connection, style: Style) -> Iterator[Text]:
    """All of a connection's findings, a blank line before each; nothing for a healthy connection."""
    for finding in connection.findings:
        yield Text()
        yield from _whole(finding, style)


def unconnected_findings(trace: Trace, style: Style) -> Iterator[Text]:
    """Findings about calls that failed before there was a connection; nothing where there are none."""
    found = unconnected(trace)
    if not found:
        return
    yield Text()
    yield Text(" Calls that failed before any connection:", TITLE)
    counts: dict[str, int] = {}
    for finding in found:
        counts[finding.summary] = counts.get(finding.summary, 0) + 1
    for finding in {one.summary: one for one in found}.values():
        yield Text()
        yield from _whole(finding, style, counts[finding.summary])


def short(finding: Finding, style: Style) -> Text:
    """One line: `error refused-no-listener: Nothing listens on 127.0.0.1:9: …`."""
    head = f"{finding.severity} {finding.code}: "
    line = Text(head, INKS[finding.severity])
    return line.append(fit(said(finding.summary, style), style.columns - len(head), style.glyphs))


def grouped(connections: Sequence[Connection], style: Style) -> Iterator[Text]:
    """A line a code, the most frequent first, with a connection to look at; nothing without findings."""
    members: dict[str, list[tuple[Connection, Finding]]] = {}
    for connection in connections:
        for finding in connection.findings:
            members.setdefault(finding.code, []).append((connection, finding))
    if not members:
        return
    yield Text()
    yield Text(f" {'finding':26}{'':8}{'count':>7}  example", FRAME)
    for code, found in sorted(members.items(), key=lambda item: -len(item[1])):
        connection, finding = found[0]
        line = Text(f" {code:26}").append(f"{finding.severity:8}", INKS[finding.severity])
        line.append(f"{len(found):>7}  {number_of(connection, style)} ")
        room = style.columns - line.cell_len - 1
        yield line.append(fit(said(finding.summary, style), room, style.glyphs), NOTE)


def _whole(finding: Finding, style: Style, count: int = 1) -> Iterator[Text]:
    """The finding's head, then each of its parts with a word before it."""
    head = Text(f" {finding.severity}: ", INKS[finding.severity]).append(finding.code, TITLE)
    if count > 1:
        head.append(f", {count} times", NOTE)
    if finding.confidence < _SURE:
        head.append(f"  confidence {finding.confidence:g}", NOTE)
    yield head
    yield from _part("", [finding.summary], style)
    yield from _part("seen", finding.evidence, style)
    yield from _part("ruled out", finding.counter_evidence, style)
    yield from _part("unsure", finding.doubts, style)
    yield from _part("do", [finding.remedy], style)


def _part(label: str, sentences: Sequence[str], style: Style) -> Iterator[Text]:
    """Sentences, each broken between words; the label stands before the first."""
    ink = "" if label in ("", "do") else NOTE
    indent = _INDENT if label else 3
    for sentence in filter(None, sentences):
        words = (Text(word, ink) for word in said(sentence, style).split())
        for line in flow(words, style.columns - 1 - indent, indent=0, gap=" "):
            yield Text(f"   {label}".ljust(indent), FRAME).append_text(line)
            label = ""


def said(text: str, style: Style) -> str:
    """Clean, and with the signs that the terminal has."""
    cleaned = style.clean(text)
    return cleaned if style.ascii else _MICROSECONDS.sub(" µs", cleaned)
