"""What comparing two connections gives: `synscope.difference/1`, field by field."""

from typing import Literal

import msgspec

from synscope.connections.model import Context, Evidence, SideName

Kind = Literal["same", "appeared", "vanished", "moved", "reordered", "left"]


class Fact(msgspec.Struct, frozen=True, gc=False):
    """Something that each connection has one of: `outcome`, `errno`, `family`, `retransmissions`."""

    name: str
    a: str | None
    b: str | None


class Step(msgspec.Struct, frozen=True, gc=False):
    """One thing of a sequence, in words: in both connections, or in `a` or `b` only (else None)."""

    side: SideName
    a: str | None
    b: str | None


class Lasted(msgspec.Struct, frozen=True, gc=False):
    """A phase of either; None where it has none of that name, or where its clock counts no ns."""

    side: SideName
    name: str
    in_a: bool
    in_b: bool
    a_ns: int | None = None
    b_ns: int | None = None


class ComparedCall(msgspec.Struct, frozen=True, gc=False, kw_only=True):
    """A call of the two forests laid over one another.

    Attributes:
        change: `moved` and `reordered` stand where b has it, and `left` where a had it.
        evidence: how it is known, in b where both have it: what only one has may be there unseen in the
            other, where it was not seen in a stack or by a probe.
        was: a's name for it, where the catalogue or the compiler has another.
        other: of `moved` its caller in a, of `left` its caller in b.
        a_ns, b_ns: how long each took, where entry and exit were seen by a clock.
        a_ret, b_ret: where one of them returned an error, and the other did not or another.
    """

    change: Kind
    function: str
    side: SideName
    context: Context
    evidence: Evidence = "stack"
    was: str | None = None
    other: str | None = None
    a_ns: int | None = None
    b_ns: int | None = None
    a_ret: str | None = None
    b_ret: str | None = None
    children: tuple["ComparedCall", ...] = ()


class Functions(msgspec.Struct, frozen=True, gc=False, kw_only=True):
    """What the call trees differ in, function by function, each as the trace has it that is told of.

    Attributes:
        only_a, only_b: functions that one forest has and the other has not, by no name of it.
        renamed: name in a, name in b.
        moved: function, its caller in a, its caller in b.
        reordered: function, its caller.
        counts: function, calls in a, calls in b: of those in both, where the numbers differ.
        others_same, others_a, others_b: functions that were not compared, in both and in one only.
    """

    only_a: tuple[str, ...] = ()
    only_b: tuple[str, ...] = ()
    renamed: tuple[tuple[str, str], ...] = ()
    moved: tuple[tuple[str, str, str], ...] = ()
    reordered: tuple[tuple[str, str], ...] = ()
    counts: tuple[tuple[str, int, int], ...] = ()
    others_same: int = 0
    others_a: int = 0
    others_b: int = 0

    @property
    def are_alike(self) -> bool:
        """Whether there is no difference; functions that were not compared make none."""
        changed = (self.only_a, self.only_b, self.renamed, self.moved, self.reordered, self.counts)
        return not any(changed)


class Comparison(msgspec.Struct, frozen=True, kw_only=True):
    """Connection `a` of one trace beside `b` of another; of a lone one the other id is None.

    `functions` is None where a trace has no calls of it (record detail): they were not compared.
    """

    schema: Literal["synscope.difference/1"] = "synscope.difference/1"
    a: str | None
    b: str | None
    same: bool
    facts: tuple[Fact, ...] = ()
    findings_a: tuple[str, ...] = ()
    findings_b: tuple[str, ...] = ()
    milestones: tuple[Step, ...] = ()
    states: tuple[Step, ...] = ()
    segments: tuple[Step, ...] = ()
    phases: tuple[Lasted, ...] = ()
    functions: Functions | None = None
    calls: tuple[ComparedCall, ...] = ()
