"""`synscope isn`: how a peer chooses its initial sequence numbers."""

import os
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import click
import rich_click

from synscope.cli import ending, output, privileges, terminal
from synscope.cli.options import FORCE
from synscope.cli.terminal import Color
from synscope.errors import Exit, SynscopeError

if TYPE_CHECKING:
    from synscope.connections.isns import Peer
    from synscope.events.trace import Trace
    from synscope.live.isn_connections import Taken
    from synscope.tcp.isn.classify import Analysis

FEWEST, MOST, FASTEST = 16, 10_000, 1_000
_Found = list[tuple["Peer", "Analysis"]]


@click.command("isn", cls=rich_click.RichCommand)
@click.argument("peer", metavar="[HOST:PORT]", required=False)
@click.option(
    "-n",
    "--count",
    type=click.IntRange(FEWEST, MOST),
    default=200,
    show_default=True,
    help="Connections to make.",
)
@click.option(
    "--rate",
    type=click.FloatRange(1, FASTEST),
    default=50.0,
    show_default=True,
    help="Connections a second, on average.",
)
@click.option(
    "--from",
    "file",
    metavar="FILE",
    type=click.Path(path_type=Path),
    help="Connect to nobody: take the peers of this saved trace.",
)
@click.option(
    "-o",
    "--output",
    "to",
    metavar="FILE",
    type=click.Path(path_type=Path),
    help="Draw the numbers there too: an SVG. - is stdout, and nothing else is on it.",
)
@FORCE
@click.option("--json", "as_json", is_flag=True, help="One JSON object a peer instead of the drawing.")
@click.pass_obj
def command(
    color: Color,
    *,
    peer: str | None,
    count: int,
    rate: float,
    file: Path | None,
    to: Path | None,
    force: bool,
    as_json: bool,
) -> None:
    """Say by which rule HOST:PORT chooses its initial sequence numbers, and how hard they are to guess.

    Connects again and again, every other time on the same 4-tuple, and closes at once, by an RST. With
    --from it looks at a saved trace, without privileges; HOST:PORT, or a client's HOST, then chooses a peer.
    """
    if to is not None:
        _check(to, force)
    if file is not None:
        found = _saved(file, peer)
    elif peer is not None:
        found = _live(peer, count, rate)
    else:
        raise click.UsageError("Missing argument 'HOST:PORT', or --from FILE.")
    if to is None or not output.is_stdout(to):
        if as_json:
            _print_json(found)
        else:
            _draw(found, color)
    if to is not None:
        _write(to, found)
    ending.flush()


def _saved(file: Path, name: str | None) -> _Found:
    """Raises SynscopeError: BAD_FILE, or USAGE if there is nothing of that name."""
    from synscope.capture.file import read  # noqa: PLC0415

    trace = read(file)
    found = _analysed(trace)
    if not trace.footer.complete:
        ending.say(f"{file} was cut off: what was written before is shown")
    if not found:
        why = "it has no connection of which a number is known, and whose SYN and SYN-ACK were sent once"
        raise SynscopeError(f"no peer in {file}", why, "synscope show " + str(file), Exit.USAGE)
    if name is None:
        return found
    chosen = [one for one in found if one[0].name == name]
    if not chosen:
        others = ", ".join(one[0].name for one in found[:5])
        raise SynscopeError(f"no peer {name} in {file}", f"there are {others}", found[0][0].name, Exit.USAGE)
    return chosen


def _live(peer: str, count: int, rate: float) -> _Found:
    """Raises SynscopeError: no such host, no privileges, nobody answers."""
    host, port = _split(peer)
    from synscope.live import isn_connections  # noqa: PLC0415

    target = isn_connections.resolve(host, port)
    _require_privileges()
    taken = isn_connections.take(target, count, rate, sys.argv)
    found = [one for one in _analysed(taken.trace, os.getpid()) if one[0].side == "server"]
    if not found:
        lost = ", ".join(taken.trace.footer.lost) or "no record of them came"
        raise SynscopeError(f"nothing is known of {target.name}", lost, "synscope doctor")
    _say_failures(taken, taken.made - found[0][1].samples)
    return found


def _analysed(trace: "Trace", pid: int | None = None) -> _Found:
    from synscope.connections.isns import peers  # noqa: PLC0415
    from synscope.tcp.isn.classify import analyse  # noqa: PLC0415

    return [(peer, analyse(peer.samples)) for peer in peers(trace, pid)]


def _split(peer: str) -> tuple[str, int]:
    """`HOST:PORT`, `[::1]:80`. Raises SynscopeError: USAGE."""
    host, colon, port = peer.rpartition(":")
    bare = host.removeprefix("[").removesuffix("]")
    bracketed = host.startswith("[") and host.endswith("]")
    if not bare or not colon or (":" in host and not bracketed):
        why = "it is not HOST:PORT"
        raise SynscopeError(f"no peer {peer!r}", why, "example.org:443, or [2001:db8::1]:443", Exit.USAGE)
    if not (port.isascii() and port.isdecimal() and 0 < int(port) < 1 << 16):
        raise SynscopeError(f"no port {port!r}", "it is none of 1 to 65535", f"{host}:443", Exit.USAGE)
    return bare, int(port)


def _require_privileges() -> None:
    try:
        privileges.require()
    except SynscopeError as error:
        why = (
            f"{error.why}, and nobody without is told them by the kernel (TCP_REPAIR and raw sockets need "
            "capabilities too); synscope isn --from FILE works for anyone"
        )
        raise SynscopeError("cannot read a peer's sequence numbers", why, error.remedy, error.code) from None


def _say_failures(taken: "Taken", left_out: int) -> None:
    may = "the peer may limit their rate"
    if taken.failed:
        tried = taken.made + taken.failed
        ending.say(f"{taken.failed} of {tried} connections failed ({taken.why}), so fewer were made: {may}")
    if left_out > 0:
        ending.say(f"{left_out} of {taken.made} connections are left out, their SYN was sent twice: {may}")


def _draw(found: _Found, color: Color) -> None:
    """Those with enough numbers; of the others, where there are several, how many."""
    from synscope.views.isn import isn  # noqa: PLC0415

    style = terminal.style(sys.stdout)
    console = terminal.console(sys.stdout, color, style.width)
    told = [one for one in found if one[1].generator != "too-few"] if len(found) > 1 else found
    for at, (peer, analysis) in enumerate(told):
        if at:
            console.print()
        for line in isn(peer, analysis, style):
            console.print(line, soft_wrap=True)
    if len(found) > len(told):
        ending.say(f"{len(found) - len(told)} peers have too few numbers to be told: --json lists them")


def _print_json(found: _Found) -> None:
    import msgspec  # noqa: PLC0415

    for peer, analysis in found:
        said = {"schema": "synscope.isn/1", "peer": peer.name, "side": peer.side}
        sys.stdout.buffer.write(msgspec.json.encode(said | msgspec.to_builtins(analysis)) + b"\n")


def _check(to: Path, force: bool) -> None:
    if to.suffix.lower() != ".svg" and not output.is_stdout(to):
        why, remedy = "its name does not end in .svg", f"-o {to.stem or 'isn'}.svg"
        raise SynscopeError(f"cannot write {to}", why, remedy, Exit.USAGE)
    output.check(to, force)


def _write(to: Path, found: _Found) -> None:
    from synscope.views.isn_svg import svg  # noqa: PLC0415
    from synscope.views.style import Style  # noqa: PLC0415

    peer, analysis = found[0]
    if len(found) > 1:
        ending.say(f"drawn: {peer.name}; another is drawn if it is named too: {found[1][0].name}")
    output.put(to, [svg(peer, analysis, Style()).encode()])
