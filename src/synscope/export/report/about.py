"""Where and how the trace was taken, and what it may lack."""

import shlex
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import NamedTuple

from synscope.events.trace import Trace
from synscope.views.style import Style


class About(NamedTuple):
    """`kernel` is `Linux 6.18.5 x86_64`; `gaps`, what is missing; `sysctls`, names and values."""

    kernel: str
    taken: str
    detail: str
    command: str
    host: str
    version: str
    hooks: str
    gaps: tuple[str, ...]
    sysctls: tuple[tuple[str, str], ...]


def about(trace: Trace, style: Style) -> About:
    """Of this trace, clean."""
    header = trace.header
    attached = sum(hook.attached for hook in header.hooks)
    return About(
        kernel=style.clean(f"Linux {header.kernel} {header.machine}"),
        taken=when(trace, header.started_mono_ns),
        detail=style.clean(header.detail),
        command=style.clean(shlex.join(header.command)),
        host=style.clean(header.hostname),
        version=style.clean(header.synscope),
        hooks=f"{attached} of {len(header.hooks)} hooks attached" if header.hooks else "",
        gaps=tuple(style.clean(gap) for gap in _gaps(trace)),
        sysctls=tuple((style.clean(name), style.clean(value)) for name, value in header.sysctls.items()),
    )


def when(trace: Trace, t_ns: int) -> str:
    """A moment of CLOCK_MONOTONIC as UTC, to the second; "" where that is no date."""
    seconds = (trace.header.started_wall_ns + t_ns - trace.header.started_mono_ns) // 1_000_000_000
    try:
        date = datetime(1970, 1, 1, tzinfo=UTC) + timedelta(seconds=seconds)
    except OverflowError:
        return ""
    return f"{date:%Y-%m-%d %H:%M:%S} UTC"


def _gaps(trace: Trace) -> Iterator[str]:
    for hook in trace.header.hooks:
        if not hook.attached:
            yield f"not attached: {hook.name}{f': {hook.why}' if hook.why else ''}"
    for place, count in trace.footer.lost.items():
        yield f"lost: {count} at {place}"
    if not trace.footer.complete:
        yield "the trace was cut off before its end: what it lost is not known"
    for kind, count in trace.footer.left_out.items():
        yield f"left out: {count} {kind} sockets"
