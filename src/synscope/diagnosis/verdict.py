"""What a rule says of a connection, before it becomes a `Finding` with the rule's code and mappings."""

from typing import Literal

import msgspec

Role = Literal["cause", "otherwise", "besides"]
Severity = Literal["info", "warning", "error"]
SEVERITIES: tuple[Severity, ...] = ("info", "warning", "error")

_PER_DOUBT = 0.7
_LOSSES = 0.8


class Verdict(msgspec.Struct, frozen=True, kw_only=True):
    """A rule's answer.

    Attributes:
        summary: one sentence, without a connection's number.
        evidence: what was seen: which hook or field, which value, when.
        counter_evidence: what rules out each look-alike.
        remedy: what to do, with commands.
        doubts: what is missing from the evidence; each lowers the confidence.
        severity: where it is not the rule's own.
    """

    summary: str
    evidence: tuple[str, ...] = ()
    counter_evidence: tuple[str, ...] = ()
    remedy: str = ""
    doubts: tuple[str, ...] = ()
    severity: Severity | None = None


def confidence(doubts: int, lossy: bool) -> float:
    """From 1.0 down: each doubt leaves 0.7 of it, losses of the tracer 0.8."""
    return round(_PER_DOUBT**doubts * (_LOSSES if lossy else 1.0), 2)
