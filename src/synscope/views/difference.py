"""Two connections beside each other: what differs in a few lines, the phases, then where in the trees.

A `-` is in the first only, a `+` in the second only, a `~` in both, but elsewhere or by another name.
"""

from collections.abc import Iterable, Iterator, Sequence

from rich.text import Text

from synscope.connections.comparison import Comparison, Fact, Functions, Lasted, Step
from synscope.views.changed_calls import ADDED, GONE, MOVED, changed_calls, ratio
from synscope.views.facts import SIDES
from synscope.views.lines import flow, paragraph
from synscope.views.style import BAD, FRAME, GOOD, NOTE, STATE, TIME, TITLE, Style

_NO_CALLS = "Functions were not compared: record detail has none, and one of the two was taken in it."
_LABEL = 20
_PHASE = 26
_COLUMN = 11
_COUNTS = 12


def difference(found: Comparison, style: Style) -> Iterator[Text]:
    """One pair that was compared."""
    yield from _facts(found, style)
    functions = found.functions or Functions()
    yield from _functions(functions, style)
    yield from _agreeing(found, style)
    for name, steps in _sequences(found):
        yield from _steps(name, steps, style)
    yield from _phases(found.phases, style)
    yield from changed_calls(found.calls, style)
    yield from _others(functions, style)
    if found.functions is None:
        yield Text()
        yield from paragraph(_NO_CALLS, style)


def _sequences(found: Comparison) -> tuple[tuple[str, Sequence[Step]], ...]:
    return (("states", found.states), ("segments", found.segments), ("milestones", found.milestones))


def _listed(label: str, words: Iterable[Text], style: Style) -> Iterator[Text]:
    """A label and what belongs to it, a comma between."""
    pieces = list(words)
    for piece in pieces[:-1]:
        piece.append(",")
    for line in flow(pieces, style.columns - _LABEL - 1, indent=0, gap=" "):
        yield Text(f" {label:{_LABEL}}", FRAME).append_text(line)
        label = ""


def _facts(found: Comparison, style: Style) -> Iterator[Text]:
    """`outcome   established → refused`; of those that agree the outcome only."""
    findings = (Fact("findings", ", ".join(found.findings_a) or None, ", ".join(found.findings_b) or None),)
    for fact in (*found.facts, *findings):
        if fact.a != fact.b:
            words = f"{_known(fact.a, style)} {style.glyphs.arrow} {_known(fact.b, style)}"
            yield from _listed(fact.name, [Text(words, BAD)], style)
        elif fact.name == "outcome":
            yield from _listed(fact.name, [Text(_known(fact.a, style))], style)


def _known(value: str | None, style: Style) -> str:
    return "none" if value is None else style.clean(value).replace("_", " ")


def _functions(functions: Functions, style: Style) -> Iterator[Text]:
    """What became of which function, in a line or two each."""
    clean, arrow, reordered = style.clean, style.glyphs.arrow, functions.reordered
    lists = (
        ("only in a", [Text(clean(name), GONE) for name in functions.only_a]),
        ("only in b", [Text(clean(name), ADDED) for name in functions.only_b]),
        ("renamed", [Text(clean(f"{a} {arrow} {b}"), MOVED) for a, b in functions.renamed]),
        ("moved", [Text(clean(name), MOVED) for name in dict.fromkeys(one[0] for one in functions.moved)]),
        ("other order", [Text(clean(name), MOVED) for name in dict.fromkeys(one[0] for one in reordered)]),
        ("calls", [Text(clean(f"{name} {a} {arrow} {b}")) for name, a, b in functions.counts[:_COUNTS]]),
    )
    for label, words in lists:
        if words:
            yield from _listed(label, words, style)
    if len(functions.counts) > _COUNTS:
        yield from _listed("", [Text(f"and {len(functions.counts) - _COUNTS} more: --json", NOTE)], style)


def _agreeing(found: Comparison, style: Style) -> Iterator[Text]:
    """What was compared and is alike; functions only where there are any."""
    alike = [name for name, steps in _sequences(found) if steps and not _differ(steps)]
    if found.phases and all(phase.in_a and phase.in_b for phase in found.phases):
        alike.append("phases")
    if found.findings_a == found.findings_b and found.findings_a:
        alike.append("findings")
    if found.functions is not None and found.functions.are_alike:
        alike.append("functions")
    if alike:
        yield from _listed("the same", [Text(name, GOOD) for name in alike], style)


def _differ(steps: Sequence[Step]) -> bool:
    return any(None in (step.a, step.b) for step in steps)


def _steps(name: str, steps: Sequence[Step], style: Style) -> Iterator[Text]:
    """All steps of the sides that differ, in one column."""
    if not _differ(steps):
        return
    yield Text()
    yield Text(f" {name}", TITLE)
    for side in SIDES:
        mine = [step for step in steps if step.side == side]
        if not _differ(mine):
            continue
        yield Text(f"   {side}", STATE)
        for step in mine:
            mark, ink = ("-", GONE) if step.b is None else ("+", ADDED) if step.a is None else (" ", "")
            words = style.clean((step.b or step.a or "").replace("→", style.glyphs.arrow))
            for line in flow(
                [Text(word, ink) for word in words.split(" ")], style.columns - 5, indent=2, gap=" "
            ):
                yield Text(f" {mark}   ", ink).append_text(line)


def _phases(phases: Sequence[Lasted], style: Style) -> Iterator[Text]:
    """A line a phase: how long in a, how long in b, and how many times as long.

    Where the clocks do not count time, only which of them has a phase that the other has not.
    """
    timed = any(phase.a_ns is not None or phase.b_ns is not None for phase in phases)
    told = [phase for phase in phases if timed or not (phase.in_a and phase.in_b)]
    if not told:
        return
    yield Text()
    headings = "".join(f"{name:>{_COLUMN}}" for name in ("a", "b", "b / a"))
    yield Text(f" {'phases':{_PHASE}}", TITLE).append(headings if timed else "", FRAME)
    for phase in told:
        mark, ink = (" ", "") if phase.in_a and phase.in_b else ("-", GONE) if phase.in_a else ("+", ADDED)
        line = Text(f" {mark} ", ink).append(f"{phase.side:7}", STATE)
        line.append(f"{style.clean(phase.name).replace('_', ' '):{_PHASE - 9}}", ink)
        times = ("" if t is None else style.duration(t) for t in (phase.a_ns, phase.b_ns))
        line.append("".join(f"{t:>{_COLUMN}}" for t in times), TIME)
        line.append(f"{ratio(phase.a_ns, phase.b_ns):>{_COLUMN}}", NOTE)
        line.rstrip()
        yield line


def _others(functions: Functions, style: Style) -> Iterator[Text]:
    total = functions.others_same + functions.others_a + functions.others_b
    if total:
        words = (
            f"Not in the catalogue, and not compared: {total} functions, {functions.others_same} of them "
            f"in both, {functions.others_a} in a only, {functions.others_b} in b only. "
            "--all-functions compares them too."
        )
        yield Text()
        yield from paragraph(words, style)
