"""`synscope scenario`: faults, and healthy connections, built on this host, traced and explained."""

import os
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Literal, NamedTuple

import click
import rich_click

from synscope.cli import completing, ending, pager
from synscope.cli.options import ALL_FUNCTIONS, CONNECTION, EXPLAIN, FORCE, OUTPUT, VIEW
from synscope.cli.terminal import Color
from synscope.errors import Exit, SynscopeError

if TYPE_CHECKING:
    from synscope.cli.command.cgroup import Process
    from synscope.cli.recording import Recording
    from synscope.events.trace import Trace
    from synscope.lab.stage.catalogue import Scenario
    from synscope.lab.stage.report import Report

Detail = Literal["record", "path"]


class Played(NamedTuple):
    """What came of a scenario: the trace of its processes, what its witnesses said, and who outlived it."""

    trace: "Trace"
    report: "Report"
    outlived: "list[Process]"


@click.group("scenario", cls=rich_click.RichGroup)
def command() -> None:
    """Build a fault in network namespaces, trace it, and say what it is."""


@command.command("list", cls=pager.Command)
def listing() -> None:
    """List the scenarios: which finding each shows, and why it cannot be played here, if it cannot."""
    from synscope.lab.stage.catalogue import all_scenarios  # noqa: PLC0415

    found = all_scenarios()
    width = max(len(one.name) for one in found)
    for one in found:
        print(f"{one.name:<{width}}  {one.page.title}")
        shows = ", ".join(one.findings) or "none: it is healthy"
        print(f"{'':{width}}  finding: {shows}{where(one)}")


def where(scenario: "Scenario") -> str:
    """What keeps a scenario from this machine, and whether it is played in the lab instead."""
    from synscope.lab.stage import needs  # noqa: PLC0415

    lacks = needs.lacking(scenario.needs)
    if lacks and not needs.missing_in_guest(scenario.needs):
        return f"; in the lab: {lacks}"
    why = needs.missing(scenario.needs)
    return f"; not here: {why}" if why else ""


@command.command("show", cls=pager.Command)
@click.argument("name", shell_complete=completing.scenarios)
def show(*, name: str) -> None:
    """Say what the scenario NAME builds, what one should see, and how to build it by hand."""
    from synscope.lab.stage.catalogue import scenario  # noqa: PLC0415

    chosen = scenario(name)
    print(f"{chosen.name}: {chosen.page.title}")
    for heading, text in chosen.page.sections.items():
        print(f"\n{heading}")
        print("\n".join(f"    {line}" if line else "" for line in text.splitlines()))
    print(f"\nFinding\n    {', '.join(chosen.findings) or 'none: it is healthy'}")
    for code in chosen.findings[:1]:
        print(f"    synscope explain {code}")


@command.command("run", cls=rich_click.RichCommand)
@click.option(
    "--detail",
    type=click.Choice(["record", "path"]),
    default="path",
    show_default=True,
    help="As in synscope run.",
)
@click.option(
    "--kernel",
    metavar="KERNEL",
    help="Play it in a virtual machine, on this kernel: as in synscope lab. It needs no root.",
)
@OUTPUT
@FORCE
@click.option("--json", "as_json", is_flag=True, help="JSON lines on stdout; the witnesses' words to stderr.")
@VIEW
@CONNECTION
@EXPLAIN
@ALL_FUNCTIONS
@click.argument("name", shell_complete=completing.scenarios)
@click.pass_obj
def run(
    color: Color,
    *,
    name: str,
    detail: Detail,
    kernel: str | None,
    output: Path | None,
    force: bool,
    as_json: bool,
    view: str,
    connection: str | None,
    explain: bool,
    all_functions: bool,
) -> None:
    """Play the scenario NAME, trace it, tell its story, and say what others than synscope saw of it.

    All of it is in network namespaces of its own, which are gone at the end, whatever the end. What this
    machine's kernel cannot build is played in a virtual machine of the lab.
    """
    from synscope.cli.recording import Recording  # noqa: PLC0415
    from synscope.cli.telling import Telling, tell  # noqa: PLC0415
    from synscope.lab.stage.catalogue import scenario  # noqa: PLC0415

    chosen = scenario(name)
    recording = Recording(output, force)
    if kernel or in_the_lab(chosen):
        from synscope.cli.guest_scenario import play_in_guest  # noqa: PLC0415

        played = play_in_guest(chosen, detail, kernel, recording)
    else:
        played = play(chosen, detail, recording)
    telling = Telling(
        color=color,
        view=view,
        connection=connection,
        as_json=as_json,
        explain=explain,
        all_functions=all_functions,
    )
    tell(played.trace, telling, sys.stdout)
    bear_witness(played.report, as_json)
    if not as_json:
        print(f"\n Next: {next_command(chosen, output)}")
    if recording.error:
        raise recording.error
    ending.flush()
    if not played.report.held:
        raise did_not_happen(chosen, played.report)


def in_the_lab(scenario: "Scenario") -> bool:
    """Whether this machine's kernel lacks what a guest has; said on stderr."""
    from synscope.lab.stage.needs import lacking  # noqa: PLC0415

    why = lacking(scenario.needs)
    if why:
        ending.say(f"{scenario.name} is played in a virtual machine: {why}")
    return why is not None


def play(scenario: "Scenario", detail: Detail, recording: "Recording") -> Played:
    """Play a scenario in a process of its own, traced with all of its children.

    Raises:
        SynscopeError: NOT_PERMITTED, it cannot be played, or nothing can be traced, here.
    """
    from synscope.cli.tracing import trace_command  # noqa: PLC0415
    from synscope.lab.stage import report  # noqa: PLC0415
    from synscope.lab.stage.needs import missing, missing_in_guest  # noqa: PLC0415
    from synscope.probes.session import Options  # noqa: PLC0415

    why = missing(scenario.needs)
    if why is not None:
        what = f"the scenario {scenario.name} cannot be played here"
        elsewhere = f"synscope scenario run --kernel 6.12 {scenario.name}"
        remedy = "synscope scenario list" if missing_in_guest(scenario.needs) else elsewhere
        raise SynscopeError(what, why, remedy, Exit.NOT_PERMITTED)
    descriptor = os.memfd_create("report", 0)  # without MFD_CLOEXEC: the stage writes into it
    try:
        stage = [sys.executable, "-P", "-m", "synscope.lab.stage", scenario.name, str(descriptor)]
        traced = trace_command(stage, Options(detail=detail), recording, stdout_to_stderr=True)
        return Played(traced.trace, report.read(descriptor), traced.moved)
    finally:
        os.close(descriptor)


def bear_witness(report: "Report", as_json: bool) -> None:
    """Print what others saw."""
    stream = sys.stderr if as_json else sys.stdout
    print(file=stream)
    for witness in report.witnesses:
        print(f" Witness: {witness.words}" + ("" if witness.held else "  (not as it should be)"), file=stream)


def did_not_happen(scenario: "Scenario", report: "Report") -> SynscopeError:
    """The error of a scenario that nobody else saw as it should be."""
    not_held = [witness.words for witness in report.witnesses if not witness.held]
    why = report.failure or "; ".join(not_held) or "no witness saw it"
    return SynscopeError(f"the scenario {scenario.name} did not happen as it should", why)


def next_command(scenario: "Scenario", saved: Path | None) -> str:
    """What a reader of the story may try next."""
    import shlex  # noqa: PLC0415

    if saved is not None:
        return shlex.join(["synscope", "show", str(saved), "--view", "states"])
    return f"synscope scenario show {scenario.name}"
