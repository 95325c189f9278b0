"""How a `socket()` call was decided, function by function, and whether the kernel did what the model says."""

from collections.abc import Iterable, Iterator
from itertools import groupby

from rich.text import Text

from synscope.tcp.socket_decision import Call, Mark, Step
from synscope.tcp.socket_names import family_name, protocol_name, type_name
from synscope.tcp.socket_report import Outcome, Report
from synscope.views.lines import flow
from synscope.views.style import BAD, CALL, FRAME, FUNCTION, GOOD, NOTE, TITLE, Style

AGAIN = "the same entries again: no match"
ELSEWHERE = (
    "What the model does not ask can refuse: a security module (EACCES), a seccomp filter, a program of the "
    "cgroup (EPERM), a limit (EMFILE, ENFILE, ENOBUFS). A BPF program at update_socket_protocol can replace "
    "the protocol. If it is none of these, the model is wrong: please report it."
)
_INK: dict[Mark, str] = {
    "passed": GOOD,
    "refused": BAD,
    "walked": NOTE,
    "requested": "yellow",
    "done": "",
    "unknown": NOTE,
}


def socket_call(report: Report, who: str, style: Style) -> Iterator[Text]:
    """The call, the steps below their functions, what was predicted and what was done; `who` made it."""
    yield Text(spelt(report.call), TITLE)
    holds = "with" if report.caller.net_raw else "without"
    yield from _flowing(
        f"as {style.clean(who)}, {holds} CAP_NET_RAW over this network namespace", "", style, NOTE
    )
    for (function, source), steps in groupby(report.steps, lambda step: (step.function, step.source)):
        yield Text()
        yield Text.assemble((function, FUNCTION), (f"  {source}", FRAME))
        for step in _folded(steps):
            yield from _flowing(_said(step), f"  {_sign(step.mark, style)} ", style, _INK[step.mark])
    yield Text()
    yield from _verdict(report, style)


def spelt(call: Call) -> str:
    """`socket(AF_INET, SOCK_STREAM|SOCK_CLOEXEC, IPPROTO_TCP)`."""
    return f"socket({_names(call)})"


def _names(call: Call) -> str:
    return f"{family_name(call.family)}, {type_name(call.type)}, {protocol_name(call.protocol)}"


def _folded(steps: Iterable[Step]) -> Iterator[Step]:
    """The steps; of a walk that finds what the one before it found, one line."""
    said: set[str] = set()
    again = False
    for step in steps:
        if step.mark == "requested":
            again = False
        if step.mark == "walked" and step.does in said:
            if not again:
                yield Step(function=step.function, source=step.source, mark="walked", does=AGAIN)
            again = True
        else:
            yield step
        said.add(step.does)


def _said(step: Step) -> str:
    return step.does if step.module is None else f'request_module("{step.module}"): {step.does}'


def _sign(mark: Mark, style: Style) -> str:
    glyphs = style.glyphs
    signs = {
        "passed": glyphs.check,
        "refused": glyphs.cross,
        "walked": glyphs.dot,
        "requested": glyphs.probe,
        "done": " ",
        "unknown": "?",
    }
    return signs[mark].ljust(len(glyphs.check))


def _flowing(text: str, lead: str, style: Style, ink: str) -> Iterator[Text]:
    """A sentence behind `lead`, its further lines below its first word."""
    first = Text(lead, ink)
    for line in flow(
        (Text(word, ink) for word in text.split()), style.columns - len(lead), indent=0, gap=" "
    ):
        yield first.append_text(line)
        first = Text(" " * len(lead))


def _verdict(report: Report, style: Style) -> Iterator[Text]:
    predicted = "not known" if report.predicted is None else _outcome(report.predicted)
    yield from _flowing(predicted, "predicted  ", style, CALL)
    yield from _flowing(_outcome(report.done), "done       ", style, CALL)
    if report.agree is None:
        yield from _flowing(f"{report.unknown}.", "", style, NOTE)
    elif report.agree:
        yield Text(f"{style.glyphs.check} the model and this kernel agree", GOOD)
    else:
        yield Text(f"{style.glyphs.cross} the model and this kernel differ", BAD)
        yield from _flowing(ELSEWHERE, "", style, NOTE)


def _outcome(outcome: Outcome) -> str:
    if outcome.socket is None:
        return f"{outcome.error} ({outcome.errno})"
    return f"a socket: {_names(outcome.socket)}"
