"""`synscope lab inspect`: stop the lab's guest at a function, and look at the sockets in its memory."""

import sys
from typing import TYPE_CHECKING

import click
import rich_click

from synscope.cli import terminal
from synscope.cli.options import KERNEL
from synscope.cli.terminal import Color

if TYPE_CHECKING:
    from synscope.lab.objects.moment import Moment
    from synscope.tcp.inside import InsideSocket
    from synscope.tcp.inside_tables import Scene


@click.command("inspect", cls=rich_click.RichCommand, context_settings={"allow_interspersed_args": False})
@KERNEL
@click.option(
    "--at",
    "function",
    metavar="FUNCTION",
    help="The kernel's function before whose first call to stop; else where the first byte is sent or the "
    "first socket closed.",
)
@click.option("--all", "everything", is_flag=True, help="Every member of the tables of operations.")
@click.option("--json", "as_json", is_flag=True, help="A JSON object on stdout, with every member.")
@click.argument("cmd", metavar="[CMD [ARG]...]", nargs=-1, type=click.UNPROCESSED)
@click.pass_obj
def command(
    color: Color,
    *,
    kernel: str | None,
    function: str | None,
    everything: bool,
    as_json: bool,
    cmd: tuple[str, ...],
) -> None:
    """Run CMD in the lab up to a function of the kernel, and look at the sockets that there are then.

    As synscope inspect does, but the guest stands still, and its memory is read from outside: every TCP
    socket, whoever has it, the table of listeners, and the protocols that socket() can choose from.
    """
    found = _scene(kernel, list(cmd), function)
    if as_json:
        import msgspec  # noqa: PLC0415

        sys.stdout.buffer.write(msgspec.json.encode(found) + b"\n")
        return
    from synscope.cli.inspect_socket import draw  # noqa: PLC0415
    from synscope.views.kernel_tables import scene  # noqa: PLC0415

    style = terminal.style(sys.stdout)
    draw(scene(found, style, everything=everything), style, color)


def _scene(kernel: str | None, argv: list[str], function: str | None) -> "Scene":
    from synscope.cli import lab  # noqa: PLC0415
    from synscope.lab.objects.moment import SET_UP, moment  # noqa: PLC0415

    chosen = lab.chosen(kernel)
    with lab.last_words():
        begun = moment(
            chosen,
            lab.order_of(argv),
            SET_UP if function is None else [function],
            lambda: lab.say_booting(chosen.release),
        )
        with begun as now:
            return _seen(now, chosen.release)


def _seen(now: "Moment", release: str) -> "Scene":
    from synscope.cli.inspect_socket import rank  # noqa: PLC0415
    from synscope.lab.objects.tables import registered  # noqa: PLC0415
    from synscope.tcp.inside_tables import Listening, Scene  # noqa: PLC0415

    sockets = _sockets(now)
    listeners = [(bucket, sockets[sk]) for bucket, sk in now.rows.listening()]
    return Scene(
        kernel=release,
        function=now.function,
        sockets=sorted(sockets.values(), key=rank),
        buckets=now.rows.buckets("lhash2"),
        listening=[Listening(bucket, one.address, one.port, one.cookie) for bucket, one in listeners],
        registered=registered(now.heap, now.data),
    )


def _sockets(now: "Moment") -> "dict[int, InsideSocket]":
    """By address."""
    from synscope.live.inside.decode import Decoder  # noqa: PLC0415
    from synscope.live.inside.find import joined  # noqa: PLC0415
    from synscope.live.inside.tables import TableReader  # noqa: PLC0415

    found = joined(now.rows.opened(), list(now.rows.hashed()))
    reader = TableReader(now.read, now.btf, now.symbols)
    return dict(zip(found, Decoder(now.btf, reader, {}, now.tick_ms).all(found), strict=True))
