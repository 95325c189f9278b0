"""`synscope diff`: two traces beside each other, of two kernels or before and after a change."""

import sys
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import click

from synscope.cli import completing, ending, pager, terminal
from synscope.cli.options import JSON, REDACT
from synscope.cli.progress import Counted
from synscope.cli.terminal import Color
from synscope.errors import Exit, SynscopeError

if TYPE_CHECKING:
    from synscope.connections.build import Connections
    from synscope.connections.compare import Pair
    from synscope.connections.comparison import Comparison
    from synscope.connections.model import Connection
    from synscope.events.trace import Trace

COMPARED = 1_000
"""Pairs that are compared at most: with all its functions one takes some milliseconds."""
DRAWN = 10
"""Of those that differ, how many are drawn."""

Told = Iterator[tuple["Pair", "Comparison"]]


@click.command("diff", cls=pager.Command)
@click.argument("a", metavar="A", type=click.Path(path_type=Path))
@click.argument("b", metavar="B", type=click.Path(path_type=Path))
@click.option(
    "--connection-a",
    metavar="ID",
    shell_complete=completing.connections,
    help="Only this connection of A: c1, c2, …",
)
@click.option(
    "--connection-b", metavar="ID", shell_complete=completing.connections, help="Only this connection of B."
)
@click.option(
    "--all-functions", "everything", is_flag=True, help="All functions, however many calls there are."
)
@JSON
@REDACT
@click.option("--width", type=click.IntRange(60, 120), help="Columns to draw in; else the terminal's.")
@click.pass_obj
def command(
    color: Color,
    *,
    a: Path,
    b: Path,
    connection_a: str | None,
    connection_b: str | None,
    everything: bool,
    as_json: bool,
    redact: bool,
    width: int | None,
) -> None:
    """Show what connections of the traces A and B did differently.

    Functions that appear, vanish, move or change order; states, segments and phases; outcome and
    findings. Ends with 0 if there is no difference, with 1 if there is one, as diff(1) does.
    """
    from synscope.capture.file import read  # noqa: PLC0415
    from synscope.connections.build import Connections  # noqa: PLC0415

    traces, names = (read(a), read(b)), (str(a), str(b))
    if redact:
        from synscope.export.redaction.redact import Redaction  # noqa: PLC0415

        redaction = Redaction()
        traces = redaction.trace(traces[0]), redaction.trace(traces[1])
        names = redaction.name("trace", names[0]), redaction.name("trace", names[1])
    built = Connections(traces[0]), Connections(traces[1])
    pairs = _pairs(traces, (connection_a, connection_b))
    chosen = pairs[:COMPARED]
    counted = chosen if sys.stdout.isatty() else Counted(chosen, "pairs")
    told = _compared(counted, built, _is_timed(traces), everything)
    same = _print_json(told) if as_json else _draw(told, names, traces, color, width)
    if len(pairs) > COMPARED:
        ending.say(f"compared: the first {COMPARED} of {len(pairs)} pairs of connections")
    ending.flush()
    sys.exit(Exit.OK if same else Exit.FAILED)


def _pairs(traces: "tuple[Trace, Trace]", wanted: tuple[str | None, str | None]) -> "list[Pair]":
    """The pairs that are asked for; of one connection, with its counterpart.

    Raises:
        SynscopeError: USAGE, there is no such connection, or it has no counterpart.
    """
    from synscope.cli.telling import connections_of  # noqa: PLC0415
    from synscope.connections.compare import pairs  # noqa: PLC0415

    sides = [
        list(connections_of(trace, name, calls=False)) for trace, name in zip(traces, wanted, strict=True)
    ]
    if all(wanted):
        return [(sides[0][0], sides[1][0])]
    if not any(wanted):
        return pairs(*sides)
    side = 0 if wanted[0] else 1
    name = sides[side][0].id
    every = pairs(*(list(connections_of(trace, None, calls=False)) for trace in traces))
    found = [pair for pair in every if None not in pair and getattr(pair[side], "id", None) == name]
    if not found:
        option = ("--connection-b", "--connection-a")[side]
        why = "the other trace has none of its kind left"
        raise SynscopeError(f"nothing to compare {name} with", why, f"{option} ID", Exit.USAGE)
    return found


def _is_timed(traces: "tuple[Trace, Trace]") -> bool:
    """Whether both traces' clocks count time: in the lab they count instructions, or calls."""
    return not any(trace.header.lab or trace.header.calls_clock == "order" for trace in traces)


def _wanted(pair: "Sequence[Connection]", everything: bool) -> Callable[[str], bool]:
    """Of connections with very many traced calls the catalogue's functions, as the calls view has it."""
    from synscope.tcp.catalogue import find  # noqa: PLC0415
    from synscope.views.shown_calls import are_many  # noqa: PLC0415

    if everything or not any(are_many(one.calls) for one in pair):
        return lambda _: True
    return lambda symbol: find(symbol) is not None


def _compared(
    pairs: "Sequence[Pair]", built: "tuple[Connections, Connections]", timed: bool, everything: bool
) -> Told:
    """Each pair with its comparison, made one by one: with their trees connections are large."""
    from synscope.connections.compare import alone, compare  # noqa: PLC0415

    for a, b in pairs:
        if a is None or b is None:
            yield (a, b), alone(a, b)
        else:
            whole = [of[int(one.id[1:]) - 1] for of, one in zip(built, (a, b), strict=True)]
            yield (a, b), compare(whole[0], whole[1], _wanted(whole, everything), timed)


def _print_json(told: Told) -> bool:
    """One object a line; whether all are the same."""
    from synscope.export.json import encode  # noqa: PLC0415

    same = True
    for _, found in told:
        same = same and found.same
        sys.stdout.buffer.write(encode(found) + b"\n")
    return same


def _draw(
    told: Told, files: tuple[str, str], traces: "tuple[Trace, Trace]", color: Color, width: int | None
) -> bool:
    """A line a trace, the pairs that differ (a lone pair always), and how many do; whether none does."""
    from synscope.views.differences import Tally, differences, headings  # noqa: PLC0415

    style = terminal.style(sys.stdout, width)
    console = terminal.console(sys.stdout, color, style.width)
    tally = Tally()
    for lines in (headings([*files], traces, style), differences(told, tally, DRAWN, style)):
        for line in lines:
            console.print(line, soft_wrap=True)
    return tally.same == tally.pairs
