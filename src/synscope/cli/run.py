"""`synscope run`: trace a command, pass everything of its own through, then tell the story."""

import signal
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Literal, NoReturn

import click
import rich_click

from synscope.cli import ending, failing
from synscope.cli.options import ALL_FUNCTIONS, CONNECTION, EXPLAIN, FAIL_ON, FORCE, OUTPUT, VIEW
from synscope.cli.terminal import Color

if TYPE_CHECKING:
    from synscope.cli.command.spawn import Ended
    from synscope.cli.recording import Recording
    from synscope.cli.telling import Telling
    from synscope.cli.tracing import Traced
    from synscope.probes.session import Options


@click.command("run", cls=rich_click.RichCommand, context_settings={"allow_interspersed_args": False})
@click.option(
    "--detail",
    type=click.Choice(["record", "path", "functions"]),
    default="path",
    show_default=True,
    help="record: milestones, states, sequence numbers, errors. path: the kernel call path and segments too. "
    "functions: each call of a kernel function too, with arguments, result and duration.",
)
@click.option(
    "--until",
    type=click.Choice(["accept", "close"]),
    default="accept",
    show_default=True,
    help="accept: a connection is followed until it is established and accepted. close: to its end.",
)
@OUTPUT
@FORCE
@click.option("--json", "as_json", is_flag=True, help="JSON lines on stdout, CMD's stdout to stderr.")
@VIEW
@CONNECTION
@FAIL_ON
@EXPLAIN
@ALL_FUNCTIONS
@click.argument("cmd", metavar="CMD [ARG]...", nargs=-1, required=True, type=click.UNPROCESSED)
@click.pass_obj
def command(
    color: Color,
    *,
    detail: Literal["record", "path", "functions"],
    until: str,
    output: Path | None,
    force: bool,
    as_json: bool,
    view: str,
    connection: str | None,
    fail_on: tuple[str, ...],
    explain: bool,
    all_functions: bool,
    cmd: tuple[str, ...],
) -> None:
    """Run CMD and tell how each TCP connection of it came into being.

    What its children open and accept is told too. CMD keeps its terminal, its signals and its exit
    status; the story goes to stderr when it has ended. Ctrl-C is for CMD; a second one ends the trace
    even if CMD goes on.
    """
    from synscope.cli.recording import Recording  # noqa: PLC0415
    from synscope.cli.telling import Telling, next_command  # noqa: PLC0415
    from synscope.probes.session import Options  # noqa: PLC0415

    options = Options(detail=detail, until_close=until == "close")
    telling = Telling(
        color=color,
        view=view,
        connection=connection,
        as_json=as_json,
        fail_on=fail_on,
        explain=explain,
        all_functions=all_functions,
        next_command=next_command(output, cmd),
    )
    run(list(cmd), options, telling, Recording(output, force))


def run(argv: list[str], options: "Options", telling: "Telling", recording: "Recording") -> NoReturn:
    """Trace `argv`, tell it on stderr (JSON: stdout), and end as the command did."""
    from synscope.cli.telling import tell  # noqa: PLC0415
    from synscope.cli.tracing import trace_command  # noqa: PLC0415

    traced = trace_command(argv, options, recording, telling.as_json)
    _say_who_goes_on(traced)
    tell(traced.trace, telling, sys.stderr)
    if recording.path and (telling.as_json or telling.view != "story"):
        ending.say(f"saved; next: {telling.next_command}")
    if recording.error:
        raise recording.error
    if traced.ended is not None and not traced.ended.signal:
        failing.end_if(failing.in_trace(traced.trace, telling.fail_on, telling.connection))
    end_as(traced.ended)


def end_as(ended: "Ended | None") -> NoReturn:
    """Exit with the command's status, or by its signal; by SIGINT where Ctrl-C ended only the trace."""
    ending.flush()
    if ended is None:
        ending.die_by(signal.SIGINT)
    if ended.signal:
        ending.die_by(ended.signal)
    sys.exit(ended.code)


def _say_who_goes_on(traced: "Traced") -> None:
    if traced.moved:
        names = ", ".join(f"{process.comm or '?'}[{process.pid}]" for process in traced.moved)
        ending.say(f"still running, no longer traced, now in cgroup {traced.moved_to}: {names}")
