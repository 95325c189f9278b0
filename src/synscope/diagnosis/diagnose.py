"""Connections with their findings: the right cause first, the healthy with none.

A connection that a few cheap looks find nothing at is not shown to any rule. Of the others, the rules
that prove a cause are asked first; those that conclude by elimination only where none was proven; then
those that say what else is worth knowing.
"""

from collections.abc import Iterable, Iterator, Sequence
from typing import overload

import msgspec

from synscope.connections.build import Connections
from synscope.connections.model import Connection, Finding
from synscope.diagnosis.around import Around
from synscope.diagnosis.case import Case
from synscope.diagnosis.failed_calls import untold
from synscope.diagnosis.healthy import is_healthy
from synscope.diagnosis.registry import Rule, by_role, call_rules
from synscope.diagnosis.verdict import SEVERITIES, Verdict, confidence
from synscope.events.trace import Trace


def diagnose(connection: Connection, around: Around) -> Connection:
    """The connection with its findings."""
    case = Case(connection, around)
    if is_healthy(case):
        return connection
    findings = (*_found(case, by_role("cause")),)
    if not findings:
        findings = (*_found(case, by_role("otherwise")),)
    findings += (*_found(case, by_role("besides")),)
    return msgspec.structs.replace(connection, findings=findings) if findings else connection


class Diagnosed(Sequence[Connection]):
    """Connections of one trace, each diagnosed when it is asked for, and only then."""

    def __init__(self, connections: Sequence[Connection], trace: Trace) -> None:
        self._connections = connections
        self._around = Around(trace)

    def __len__(self) -> int:
        return len(self._connections)

    def __iter__(self) -> Iterator[Connection]:
        return (diagnose(connection, self._around) for connection in self._connections)

    @overload
    def __getitem__(self, at: int) -> Connection: ...

    @overload
    def __getitem__(self, at: slice) -> list[Connection]: ...

    def __getitem__(self, at: int | slice) -> Connection | list[Connection]:
        if isinstance(at, int):
            return diagnose(self._connections[at], self._around)
        return [diagnose(connection, self._around) for connection in self._connections[at]]


def diagnosed(trace: Trace) -> Diagnosed:
    """The trace's connections, diagnosed; without their call trees, which no rule needs."""
    return Diagnosed(Connections(trace, calls=False), trace)


def unconnected(trace: Trace) -> list[Finding]:
    """Findings about calls that failed before there was a connection, one for each (path detail)."""
    around = Around(trace)
    found = []
    for call in untold(around):
        verdicts = ((rule, judge.of_call(call)) for rule, judge in call_rules())
        found += [_finding(rule, verdict, around.lossy) for rule, verdict in verdicts if verdict is not None]
    return found


def _found(case: Case, rules: Iterable[Rule]) -> list[Finding]:
    """The rules' findings, most severe first, of equal ones the surest first."""
    verdicts = ((rule, rule.find(case)) for rule in rules)
    found = [_finding(rule, verdict, case.around.lossy) for rule, verdict in verdicts if verdict is not None]
    return sorted(found, key=lambda one: (-SEVERITIES.index(one.severity), -one.confidence))


def _finding(rule: Rule, verdict: Verdict, lossy: bool) -> Finding:
    doubts = verdict.doubts
    if lossy:
        doubts += ("the tracer lost records or the trace was cut off: something may be missing here",)
    severity = verdict.severity or rule.SEVERITY
    return Finding(
        code=rule.CODE,
        severity=severity,
        summary=verdict.summary,
        evidence=verdict.evidence,
        counter_evidence=verdict.counter_evidence,
        doubts=doubts,
        remedy=verdict.remedy,
        confidence=confidence(len(verdict.doubts), lossy),
        conn_state=rule.CONN_STATE,
        error_type=rule.ERROR_TYPE if severity == "error" else None,
    )
