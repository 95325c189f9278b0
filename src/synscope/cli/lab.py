"""`synscope lab`: the same story from another kernel, in a virtual machine that needs no privileges."""

import shlex
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Literal

import click
import rich_click

from synscope.cli import ending, lab_inspect
from synscope.cli.options import ALL_FUNCTIONS, CONNECTION, EXPLAIN, FORCE, KERNEL, OUTPUT, VIEW
from synscope.cli.terminal import Color

if TYPE_CHECKING:
    from synscope.cli.recording import Recording
    from synscope.lab.experiment import Result
    from synscope.lab.kernels import Kernel
    from synscope.lab.messages import Order
    from synscope.lab.stock import Item

Detail = Literal["path", "functions"]
KILLED = 128 + 9
MIB = 1 << 20


class Lab(rich_click.RichGroup):
    """Without the name of a subcommand it is `run`."""

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        if not args or (args[0] not in self.commands and args[0] not in ctx.help_option_names):
            args = ["run", *args]
        return super().parse_args(ctx, args)


@click.group("lab", cls=Lab, invoke_without_command=False)
def command() -> None:
    """Run CMD on another kernel, in a virtual machine, and tell its connections.

    Needs QEMU, but neither root nor /dev/kvm. Without a subcommand it is run.
    """


@command.command("run", cls=rich_click.RichCommand, context_settings={"allow_interspersed_args": False})
@KERNEL
@click.option(
    "--detail",
    type=click.Choice(["path", "functions"]),
    default="functions",
    show_default=True,
    help="path: as in run. functions: every call of a function of the kernel's net/, in order.",
)
@OUTPUT
@FORCE
@click.option("--json", "as_json", is_flag=True, help="JSON lines on stdout, CMD's stdout to stderr.")
@VIEW
@CONNECTION
@EXPLAIN
@ALL_FUNCTIONS
@click.argument("cmd", metavar="[CMD [ARG]...]", nargs=-1, type=click.UNPROCESSED)
@click.pass_obj
def run(
    color: Color,
    *,
    kernel: str | None,
    detail: Detail,
    output: Path | None,
    force: bool,
    as_json: bool,
    view: str,
    connection: str | None,
    explain: bool,
    all_functions: bool,
    cmd: tuple[str, ...],
) -> None:
    """Run CMD in the lab; without CMD, the client and the server of synscope demo.

    Of programs the guest has python3, with its standard library, and a few small ones; of networks,
    loopback. Each run begins with the same memory and the same clock, so two runs of one command leave
    the same trace.
    """
    from synscope.cli.recording import Recording  # noqa: PLC0415
    from synscope.cli.telling import Telling, tell  # noqa: PLC0415

    recording = Recording(output, force)
    result = experiment(kernel, list(cmd), detail)
    save(recording, result)
    pass_on(result, as_json)
    telling = Telling(
        color=color,
        view=view,
        connection=connection,
        as_json=as_json,
        explain=explain,
        all_functions=all_functions,
        next_command=next_command(output, kernel, cmd),
    )
    tell(result.trace, telling, sys.stderr)
    if output and (as_json or view != "story"):
        ending.say(f"saved; next: {telling.next_command}")
    if recording.error:
        raise recording.error
    end_as(result)


def experiment(kernel: str | None, argv: list[str], detail: Detail) -> "Result":
    """Run `argv`, or the pair where it is empty, saying what takes long; a failing guest's last words."""
    from synscope.lab import experiment as lab  # noqa: PLC0415

    found = chosen(kernel)
    with last_words():
        return lab.run(found, order_of(argv), detail, lambda: say_booting(found.release))


def chosen(kernel: str | None) -> "Kernel":
    """The kernel that the user means, downloaded if need be."""
    from synscope.cli.download import Download  # noqa: PLC0415
    from synscope.lab import choice, qemu  # noqa: PLC0415

    qemu.path()  # before a download is begun in vain
    with Download() as download:
        return choice.kernel(kernel, download)


def order_of(argv: list[str]) -> "Order":
    """To run `argv`, or the pair where it is empty."""
    from synscope.lab.messages import PAIR, Order  # noqa: PLC0415

    return Order(command=argv) if argv else PAIR


@contextmanager
def last_words() -> Iterator[None]:
    """Print the console of a guest that fails meanwhile."""
    from synscope.lab.machine import GuestError  # noqa: PLC0415

    try:
        yield
    except GuestError as error:
        for line in error.console:
            ending.say(f"console: {line}")
        raise


def say_booting(release: str) -> None:
    ending.say(f"booting {release}, once: later runs begin from a snapshot")


def pass_on(result: "Result", as_json: bool) -> None:
    """What the command wrote, to where it would have gone."""
    stdout = sys.stderr if as_json else sys.stdout
    for stream, content in ((stdout, result.stdout), (sys.stderr, result.stderr)):
        stream.buffer.write(content)
        stream.flush()


def save(recording: "Recording", result: "Result") -> None:
    trace = result.trace
    recording.open(trace.header)
    recording.write(trace.halves, trace.events, trace.calls)
    recording.close(trace.footer)


def next_command(saved: Path | None, kernel: str | None, argv: tuple[str, ...]) -> str:
    """What a reader of the story may try next."""
    if saved is not None:
        return shlex.join(["synscope", "show", str(saved), "--view", "calls"])
    chosen = ["--kernel", kernel] if kernel else []
    return shlex.join(["synscope", "lab", *chosen, "-o", "trace.syn", *(["--", *argv] if argv else [])])


def end_as(result: "Result") -> None:
    """Exit with the command's status."""
    ending.flush()
    if result.status is None:
        ending.say("the command was killed: its time by the guest's clock was up")
    sys.exit(KILLED if result.status is None else result.status)


@command.command("kernels", cls=rich_click.RichCommand)
def kernels() -> None:
    """Say which kernels are in the cache and which can be had."""
    from synscope.lab.stock import stock  # noqa: PLC0415

    found = stock()
    width = max((len(item.release) for item in found), default=0)
    for item in found:
        print(f"{item.release:<{width}}  {describe(item)}")
    if not found:
        ending.say("no kernel in the cache, and apt knows none. Try: sudo apt-get update")


def describe(item: "Item") -> str:
    """Sizes, and how to get what is not there."""
    if item.download:
        return f"{mib(item.download)} to download: synscope lab fetch {item.series}"
    snapshot = f", booted: {mib(item.snapshots)} of snapshot" if item.snapshots else ""
    return f"{mib(item.cached)} in the cache{snapshot}"


def mib(size: int) -> str:
    return f"{size / MIB:.0f} MiB"


@command.command("fetch", cls=rich_click.RichCommand)
@click.argument("series", nargs=-1, required=True)
def fetch(series: tuple[str, ...]) -> None:
    """Download the newest kernel of each SERIES (6.1, 6.12) into the cache."""
    from synscope.cli.download import Download  # noqa: PLC0415
    from synscope.lab import debian  # noqa: PLC0415

    for name in series:
        with Download() as download:
            kernel = debian.fetch(name, download)
        print(kernel.release)


command.add_command(lab_inspect.command)
