"""`synscope inspect`: sockets as the kernel holds them, and the operations that they lead to."""

import re
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import click
import rich_click

from synscope.cli import ending, privileges, terminal
from synscope.cli.terminal import Color
from synscope.errors import Exit, SynscopeError

if TYPE_CHECKING:
    from rich.text import Text

    from synscope.tcp.inside import InsideSocket, OfferedSocket
    from synscope.views.style import Style

_MOST_PID, _MOST_PORT = 1 << 22, 65535


@click.command("inspect", cls=rich_click.RichCommand)
@click.argument("process", metavar="[PID[:FD]]", required=False)
@click.option("--port", metavar="PORT", type=click.IntRange(1, _MOST_PORT), help="To or from this port.")
@click.option("--netns", metavar="NETNS", help="With --port: in this network namespace, a name, path or pid.")
@click.option(
    "--connection", metavar="FILE#ID", help="The two halves of a traced connection, while they live."
)
@click.option("--ops", is_flag=True, help="The operations behind every kind of socket over IP.")
@click.option("--all", "everything", is_flag=True, help="Every member of the tables of operations.")
@click.option("--json", "as_json", is_flag=True, help="A JSON object a socket on stdout, with every member.")
@click.pass_obj
def command(
    color: Color,
    *,
    process: str | None,
    port: int | None,
    netns: str | None,
    connection: str | None,
    ops: bool,
    everything: bool,
    as_json: bool,
) -> None:
    """Look inside the TCP sockets of a process, of one descriptor of it, or of a port.

    What the kernel holds of each: state, addresses, queues, sequence numbers, options, timers, and the
    function behind each operation, with its file. Nothing is changed, and nothing is attached.
    """
    if sum(map(bool, (process, port, connection, ops))) != 1:
        raise click.UsageError("Name one thing: PID[:FD], --port, --connection or --ops.")
    if netns is not None and port is None:
        raise click.UsageError("--netns goes with --port.")
    if ops:
        _show_offered(color, everything=everything, as_json=as_json)
    else:
        _show(_sockets(process, port, netns, connection), color, everything=everything, as_json=as_json)


def _sockets(
    process: str | None, port: int | None, netns: str | None, connection: str | None
) -> "list[InsideSocket]":
    """In the order in which they are shown. Raises SynscopeError where there is none."""
    if process is not None:
        found = _of_process(*_descriptor(process))
    elif port is not None:
        found = _of_port(port, netns)
    else:
        assert connection is not None
        found = _of_connection(connection)
    return sorted(found, key=rank)


def rank(socket: "InsideSocket") -> tuple[int, int]:
    """Listeners, what waits at them, connections, what is over, other families; by descriptor."""
    order = ("LISTEN", "NEW_SYN_RECV")
    kind = order.index(socket.state) if socket.state in order else 2 if socket.listener is not None else 3
    kind += ("socket", "request", "time_wait", "other").index(socket.kind) if kind == 3 else 0
    return kind, socket.owners[0].fd if socket.owners else 1 << 31


def _descriptor(text: str) -> tuple[int, int | None]:
    """`PID[:FD]`. Raises SynscopeError: USAGE."""
    found = re.fullmatch(r"([0-9]{1,7})(?::([0-9]{1,9}))?", text)
    if not found or not 0 < int(found[1]) <= _MOST_PID:
        why = "it is neither a process's number nor PID:FD"
        raise SynscopeError(f"no process {text!r}", why, "synscope inspect $(pgrep -o nginx)", Exit.USAGE)
    return int(found[1]), int(found[2]) if found[2] else None


def _of_process(pid: int, fd: int | None) -> "list[InsideSocket]":
    from synscope.live.inside import listed, look  # noqa: PLC0415

    _alive(pid)
    missing = _missing()
    found = listed.process(pid, fd) if missing else _named(look.process(pid, fd))
    if not found:
        _alive(pid)
        where = f"process {pid}" if fd is None else f"descriptor {fd} of process {pid}"
        why = "it has no socket open" if fd is None else "it is not open, or no socket"
        if missing:
            why = "none is shown to this user"
        raise SynscopeError(f"no socket at {where}", why, f"ls -l /proc/{pid}/fd", Exit.FAILED)
    return found


def _alive(pid: int) -> None:
    if not Path(f"/proc/{pid}").exists():
        raise SynscopeError(f"no process {pid}", "there is none, or it has ended", "ss -tanp", Exit.USAGE)


def _of_port(port: int, namespace: str | None) -> "list[InsideSocket]":
    from synscope.kernel import netns  # noqa: PLC0415
    from synscope.live.inside import listed, look  # noqa: PLC0415

    if namespace is None and _missing():
        found = listed.port(port)
    else:
        privileges.require()
        inum = netns.own() if namespace is None else netns.resolve(namespace)
        found = _named(look.ports(inum, {port}))
    if not found:
        what, why = f"no TCP socket with port {port}", "this network namespace has none"
        raise SynscopeError(what, why, "lsns -t net, and --netns for another namespace", Exit.FAILED)
    return found


def _of_connection(what: str) -> "list[InsideSocket]":
    """Those of its halves that are still there, told by their cookies, which no other socket ever gets."""
    from synscope.capture.file import read  # noqa: PLC0415
    from synscope.cli.telling import connections_of  # noqa: PLC0415
    from synscope.live.inside import look  # noqa: PLC0415

    privileges.require()
    file, _, identity = (what, "", "") if Path(what).exists() else what.rpartition("#")
    connections = connections_of(read(Path(file or what)), identity or None, calls=False)
    found: list[InsideSocket] = []
    for half in [half for each in connections[:1] for half in (each.client, each.server) if half]:
        if half.cookie and half.netns and half.port:
            found += [each for each in look.ports(half.netns, {half.port}) if each.cookie == half.cookie]
    if not found:
        why = "its sockets are closed, or the trace is of another boot"
        raise SynscopeError(f"no socket of {what}", why, f"synscope show {file or what}", Exit.FAILED)
    return found


def _named(found: "list[InsideSocket]") -> "list[InsideSocket]":
    """The same; where none has a table, why that is."""
    from synscope.kernel.symbols import Symbols  # noqa: PLC0415

    if found and not any(socket.tables for socket in found):
        ending.say(f"no operations, for their functions cannot be named: {Symbols.read().why()}")
    return found


def _missing() -> bool:
    """Whether only /proc can be asked, which is then said."""
    from synscope.kernel.capabilities import lacking  # noqa: PLC0415

    missing = lacking()
    if missing:
        ending.say(
            f"only what /proc/net/tcp shows, for this user lacks {', '.join(missing)}. "
            f"For the rest: {privileges.as_root()}"
        )
    return bool(missing)


def _show(sockets: "Sequence[InsideSocket]", color: Color, *, everything: bool, as_json: bool) -> None:
    from synscope.views.inside import inside  # noqa: PLC0415

    if as_json:
        _print_json(sockets)
    else:
        style = terminal.style(sys.stdout)
        draw(inside(sockets, style, everything=everything), style, color)


def _show_offered(color: Color, *, everything: bool, as_json: bool) -> None:
    from synscope.live.inside.offered import offered  # noqa: PLC0415
    from synscope.views.operations import offered as drawn  # noqa: PLC0415

    privileges.require()
    sockets = offered()
    if as_json:
        _print_json(sockets)
    else:
        style = terminal.style(sys.stdout)
        draw(drawn(sockets, style, everything=everything), style, color)


def draw(lines: "Iterator[Text]", style: "Style", color: Color) -> None:
    """On stdout."""
    console = terminal.console(sys.stdout, color, style.width)
    for line in lines:
        console.print(line, soft_wrap=True)


def _print_json(sockets: "Sequence[InsideSocket | OfferedSocket]") -> None:
    import msgspec  # noqa: PLC0415

    for socket in sockets:
        sys.stdout.buffer.write(msgspec.json.encode(socket) + b"\n")
