"""`synscope watch`: what `run` does for a command, for what already runs, until Ctrl-C."""

import importlib.util
import ipaddress
import os
import sys
from pathlib import Path
from typing import Literal

import click
import rich_click

from synscope.cli import ending, failing, privileges
from synscope.cli.options import FAIL_ON, FORCE, JSON, OUTPUT
from synscope.cli.terminal import Color
from synscope.errors import Exit, SynscopeError


@click.command("watch", cls=rich_click.RichCommand)
@click.option("--cgroup", metavar="PATH", help="Of what runs in or below this cgroup.")
@click.option(
    "--netns", metavar="NETNS", help="In this network namespace: its name, path or inode, or a pid in it."
)
@click.option("--pid", metavar="PID", type=click.IntRange(1), help="Of this process.")
@click.option("--port", metavar="PORT", type=click.IntRange(1, 65535), help="To or from this port.")
@click.option("--address", metavar="IP", help="To or from this address, IPv4 or IPv6.")
@click.option(
    "--detail",
    type=click.Choice(["record", "path", "functions"]),
    default="record",
    show_default=True,
    help="path: the kernel call path and segments too. functions: each call of a kernel function too. They "
    "are in FILE, not in the live lines.",
)
@click.option("--for", "seconds", metavar="SECONDS", type=click.FloatRange(min=0), help="Stop after so long.")
@OUTPUT
@FORCE
@JSON
@click.option("--plain", is_flag=True, help="Lines on a terminal too, instead of the live view.")
@FAIL_ON
@click.pass_obj
def command(
    color: Color,
    *,
    cgroup: str | None,
    netns: str | None,
    pid: int | None,
    port: int | None,
    address: str | None,
    detail: Literal["record", "path", "functions"],
    seconds: float | None,
    output: Path | None,
    force: bool,
    as_json: bool,
    plain: bool,
    fail_on: tuple[str, ...],
) -> None:
    """Show the TCP connections of this host as they are decided, until Ctrl-C.

    On a terminal it is a live view, with rates, phases, findings and listeners (needs synscope[live]; ? in
    it has the keys). Elsewhere, or with --plain, it is a line a connection: the time of connect(), client
    and server, the outcome, how long the setup took, and the two programs. Of several filters all must hold.
    """
    from synscope.cli import watching  # noqa: PLC0415
    from synscope.cli.live_lines import Tally, summary  # noqa: PLC0415
    from synscope.cli.recording import Recording  # noqa: PLC0415
    from synscope.kernel import cgroups  # noqa: PLC0415
    from synscope.kernel import netns as namespaces  # noqa: PLC0415
    from synscope.probes.session import Options  # noqa: PLC0415

    options = Options(
        detail=detail,
        cgroup=cgroups.resolve(cgroup) if cgroup else None,
        netns=namespaces.resolve(netns) if netns else None,
        pid=pid,
        port=port,
        address=_address(address),
    )
    tally = Tally(fail_on)
    recording = Recording(output, force)
    privileges.require()
    with watching.stopping(seconds) as stop:
        if as_json or plain or not _has_screen():
            trace = watching.with_lines(options, recording, tally, stop, color, as_json=as_json)
        else:
            from synscope.cli.watch_app.watch import with_screen  # noqa: PLC0415

            trace = with_screen(options, recording, tally, stop, color)
    ending.say(summary(tally, trace, output))
    if recording.error:
        raise recording.error
    failing.end_if(tally.failing)


def _has_screen() -> bool:
    """Whether the live view can be: Textual is there, and a terminal (it draws on stderr)."""
    streams = (sys.stdin, sys.stdout, sys.stderr)
    if os.environ.get("TERM") in (None, "dumb", "unknown") or not all(stream.isatty() for stream in streams):
        return False
    found = importlib.util.find_spec("textual") is not None
    if not found:
        ending.say("lines, for the live view's library is missing. Try: pip install 'synscope[live]'")
    return found


def _address(text: str | None) -> str | None:
    if text is None:
        return None
    try:
        address = ipaddress.ip_address(text.partition("%")[0])
    except ValueError as error:
        why = "it is neither an IPv4 nor an IPv6 address"
        raise SynscopeError(f"cannot watch {text!r}", why, f"getent ahosts {text}", Exit.USAGE) from error
    mapped = address.ipv4_mapped if isinstance(address, ipaddress.IPv6Address) else None
    return str(mapped or address)
