"""`--fail-on`: an exit status of its own where a finding is there that the caller named."""

import sys
from collections.abc import Iterable
from typing import TYPE_CHECKING

import click

from synscope.cli import ending
from synscope.cli.suggestion import did_you_mean
from synscope.errors import Exit

if TYPE_CHECKING:
    from synscope.connections.model import Finding
    from synscope.events.trace import Trace

SEVERITIES = ("info", "warning", "error")
"""As in `diagnosis.verdict`, which `--help` need not load."""

Wanted = tuple[str, ...]


def checked(_context: click.Context, _parameter: click.Parameter, names: Wanted) -> Wanted:
    """The option's values; one that is neither a code nor a severity is a wrong command line."""
    if not names:
        return names
    from synscope.diagnosis.registry import codes  # noqa: PLC0415

    known = (*SEVERITIES, *codes())
    for name in names:
        if name not in known:
            raise click.BadParameter(
                f"{name!r} is neither a severity nor a code: synscope explain lists them."
                + did_you_mean(name, known)
            )
    return names


def named(findings: "Iterable[Finding]", wanted: Wanted) -> set[str]:
    """The codes of the findings that are wanted: by code, or by being at least as severe as one named."""
    least = min((SEVERITIES.index(name) for name in wanted if name in SEVERITIES), default=len(SEVERITIES))
    return {one.code for one in findings if one.code in wanted or SEVERITIES.index(one.severity) >= least}


def in_trace(trace: "Trace", wanted: Wanted, connection: str | None = None) -> set[str]:
    """The wanted codes of a trace, or of its one connection of that id."""
    if not wanted:
        return set()
    from synscope.cli.telling import connections_of  # noqa: PLC0415
    from synscope.diagnosis.diagnose import unconnected  # noqa: PLC0415

    found = connections_of(trace, connection, calls=False)
    codes = named((finding for one in found for finding in one.findings), wanted)
    return codes if connection else codes | named(unconnected(trace), wanted)


def end_if(codes: set[str]) -> None:
    """Exit with FOUND where there are any, and say which."""
    if codes:
        ending.say(f"found: {', '.join(sorted(codes))}")
        ending.flush()
        sys.exit(int(Exit.FOUND))
