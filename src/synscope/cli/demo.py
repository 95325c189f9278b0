"""`synscope demo`: a client and a server on loopback, traced and explained; where a newcomer starts."""

import sys

import click
import rich_click

from synscope.cli.terminal import Color

BEFORE = """\
A small server listens on 127.0.0.1, a client connects to it and reads a line.
synscope puts both into a cgroup of their own and watches what the kernel does
for them; nothing is changed.
"""

AFTER = """
In the ladder each lane is one side's socket, times are relative to connect(),
and an arrow is a segment: its ack is the other side's first sequence number
plus one. In the trees each line is a function of this kernel that was seen at
work, with what it did.
"""

NEXT = "synscope run -- curl -s -o /dev/null http://example.com/"


@click.command("demo", cls=rich_click.RichCommand)
@click.pass_obj
def command(color: Color) -> None:
    """Start here: a client and a server on loopback, traced and explained."""
    from synscope.cli.recording import Recording  # noqa: PLC0415
    from synscope.cli.run import end_as  # noqa: PLC0415
    from synscope.cli.telling import Telling, tell  # noqa: PLC0415
    from synscope.cli.tracing import trace_command  # noqa: PLC0415
    from synscope.probes.session import Options  # noqa: PLC0415

    print(BEFORE, flush=True)
    argv = [sys.executable, "-P", "-m", "synscope.cli.demo_pair"]
    traced = trace_command(argv, Options(detail="path"), Recording(None))
    print(flush=True)
    tell(traced.trace, Telling(color=color), sys.stdout)
    print(AFTER)
    print(f"Next: {NEXT}")
    end_as(traced.ended)
