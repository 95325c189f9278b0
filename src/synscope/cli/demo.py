"""`synscope demo`: a client and a server on loopback, traced and explained; where a newcomer starts."""

import platform
import sys

import click
import rich_click

from synscope.cli.terminal import Color
from synscope.errors import Exit, SynscopeError

BEFORE = """\
A small server listens on 127.0.0.1, a client connects to it and reads a line.
synscope puts both into a cgroup of their own and watches what this kernel
({}) does for them; nothing is changed.
"""

INSTEAD = """\
Not here: {}. So both run on another kernel, in a virtual
machine that needs no privileges: synscope's lab.
"""

AFTER = """
In the ladder each lane is one side's socket, times are relative to connect(),
and an arrow is a segment: its ack is the other side's first sequence number
plus one. In the trees each line is a function of {} that was
seen at work, with what it did.
"""

NEXT = "synscope run -- curl -s -o /dev/null http://example.com/"
NEXT_IN_LAB = "synscope lab --view calls --explain"


@click.command("demo", cls=rich_click.RichCommand)
@click.pass_obj
def command(color: Color) -> None:
    """Start here: a client and a server on loopback, traced and explained.

    On this kernel where it and this user's privileges allow it, else on another one, in the lab.
    """
    print(BEFORE.format(platform.release()), flush=True)
    try:
        live(color)
    except SynscopeError as error:
        if error.code != Exit.NOT_PERMITTED:
            raise
        in_lab(color, error)


def live(color: Color) -> None:
    """On the running kernel. Raises SynscopeError: NOT_PERMITTED where it, or this user, may not."""
    from synscope.cli.recording import Recording  # noqa: PLC0415
    from synscope.cli.run import end_as  # noqa: PLC0415
    from synscope.cli.telling import Telling, tell  # noqa: PLC0415
    from synscope.cli.tracing import trace_command  # noqa: PLC0415
    from synscope.probes.session import Options  # noqa: PLC0415

    argv = [sys.executable, "-P", "-m", "synscope.cli.demo_pair"]
    traced = trace_command(argv, Options(detail="path"), Recording(None))
    print(flush=True)
    tell(traced.trace, Telling(color=color), sys.stdout)
    print(AFTER.format("this kernel"))
    print(f"Next: {NEXT}")
    end_as(traced.ended)


def in_lab(color: Color, refusal: SynscopeError) -> None:
    """The same elsewhere. Raises SynscopeError: why neither can be."""
    from synscope.cli import lab  # noqa: PLC0415
    from synscope.cli.telling import Telling, tell  # noqa: PLC0415

    print(INSTEAD.format(refusal.why), flush=True)
    try:
        result = lab.experiment(None, [], "path")
    except SynscopeError as error:
        why = f"{refusal.why}; and in the lab: {error.what}, {error.why}"
        remedy = " or ".join(filter(None, (refusal.remedy, error.remedy)))
        raise SynscopeError("no demo here", why, remedy, Exit.NOT_PERMITTED) from error
    lab.pass_on(result, as_json=False)
    print(flush=True)
    tell(result.trace, Telling(color=color), sys.stdout)
    print(AFTER.format(f"Linux {result.trace.header.kernel}"))
    print(f"Next: {NEXT_IN_LAB}")
    lab.end_as(result)
