"""`.mmd`: a connection as a Mermaid sequence diagram: calls, states, segments in order of time; findings."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from textwrap import wrap
from typing import TYPE_CHECKING, NamedTuple

from synscope.views.facts import SIDES, half_of, moment, origin, other
from synscope.views.lines import owner, place, verdict
from synscope.views.segments import label
from synscope.views.style import Style

if TYPE_CHECKING:
    from synscope.connections.model import Connection, Segment
    from synscope.events.trace import Trace
    from synscope.export.formats import Say

ONE_LINE = "a Mermaid sequence diagram, of one connection (Markdown)"

_STYLE = Style()
_COLUMNS = 60
"""Of a note over both lanes: Mermaid breaks no line by itself."""
_CALLS = {
    "listen": "listen()",
    "connect": "connect()",
    "queued": "in the accept queue",
    "accepted": "accept()",
}
_PLAIN = frozenset(" .,:()[]/+-_='→−µ…")
_SENT = {"S": "syn_out", "S.": "synack_out", ".": "ack_out"}


class _Step(NamedTuple):
    t: int
    line: str


def write(connections: Sequence[Connection], trace: Trace, say: Say) -> Iterator[bytes]:
    """The diagram of the first connection: Mermaid has one a file."""
    if len(connections) > 1:
        say(f"drawn: {connections[0].id}, of {len(connections)} connections; --connection ID draws another")
    for connection in connections[:1]:
        yield "".join(f"{line}\n" for line in _diagram(connection)).encode()
    if not connections:
        yield b"sequenceDiagram\n  participant client\n  Note over client: no TCP connection was seen\n"


def _diagram(connection: Connection) -> Iterator[str]:
    yield "sequenceDiagram"
    for side in SIDES:
        names = (side, owner(half_of(connection, side), _STYLE), place(connection, side, _STYLE))
        yield f"  participant {side} as {'<br/>'.join(_escaped(name) for name in names if name)}"
    for step in sorted((*_notes(connection), *_segments(connection)), key=lambda step: step.t):
        yield f"  {step.line}"
    yield _across(verdict(connection, _STYLE).plain)
    for finding in connection.findings:
        yield _across(f"{finding.severity} {finding.code}", finding.summary, finding.remedy)
    for hook, count in connection.lost.items():
        yield _across(f"lost by the tracer: {hook} {count}")


def _across(*sentences: str) -> str:
    lines = (line for sentence in sentences for line in wrap(sentence, _COLUMNS))
    return f"  Note over client,server: {'<br/>'.join(map(_escaped, lines))}"


def _notes(connection: Connection) -> Iterator[_Step]:
    """What happened on one side: calls, and states with the function that made them."""
    for mark in connection.milestones:
        if mark.name in _CALLS:
            yield _note(connection, mark.side, mark.t_ns, _CALLS[mark.name])
    for change in connection.transitions:
        by = f", {change.by}" if change.by else ""
        yield _note(connection, change.side, change.t_ns, f"{change.source} → {change.target}{by}")


def _note(connection: Connection, side: str, t: int, text: str) -> _Step:
    return _Step(t, f"Note over {side}: {_escaped(f'{_clock(connection, t)}  {text}')}")


def _segments(connection: Connection) -> Iterator[_Step]:
    """An arrow each, at the time when it was sent; one of unknown time after the one before it."""
    t = origin(connection)[0]
    for segment in connection.segments:
        t = _time(connection, segment) or t
        arrow = "-x" if segment.dropped is not None else "-->>" if segment.inferred else "->>"
        text = "<br/>".join(_escaped(line) for line in _words(connection, segment))
        yield _Step(t, f"{segment.source}{arrow}{other(segment.source)}: {text}")


def _time(connection: Connection, segment: Segment) -> int | None:
    if segment.sent_ns is not None or segment.received_ns is not None:
        return segment.sent_ns or segment.received_ns
    sent = _SENT.get(segment.flags)
    return None if sent is None else moment(connection, sent, segment.source)


def _words(connection: Connection, segment: Segment) -> Iterator[str]:
    ack = "" if segment.ack is None else f" ack {segment.ack}"
    yield f"{label(connection, segment, _STYLE)} seq {segment.seq}{ack}"
    ends = (segment.sent_ns, segment.received_ns)
    if ends != (None, None):
        yield " → ".join("?" if t is None else _clock(connection, t) for t in ends)
    if segment.dropped is not None:
        yield f"dropped: {segment.dropped}"
    if segment.inferred:
        yield "not captured: known from the sockets"


def _clock(connection: Connection, t: int) -> str:
    return _STYLE.relative(t - origin(connection)[0])


def _escaped(text: str) -> str:
    """Clean, and what Mermaid or HTML would read as more than text as Mermaid's entities (`#35;`)."""
    return "".join(
        character if character.isalnum() or character in _PLAIN else f"#{ord(character)};"
        for character in _STYLE.clean(text)
    )
