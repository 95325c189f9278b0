"""`synscope socket`: how `socket()` is decided, said by a model and then done."""

import sys
from collections.abc import Callable, Iterable
from typing import TYPE_CHECKING

import click
import rich_click

from synscope.cli import ending, privileges, terminal
from synscope.cli.terminal import Color
from synscope.errors import Exit, SynscopeError

if TYPE_CHECKING:
    from synscope.connections.model import Call as KernelCall
    from synscope.live.socket_trial import As
    from synscope.tcp.socket_decision import Call, Caller
    from synscope.tcp.socket_report import Outcome, Report

    Path = tuple[KernelCall, ...]


@click.command("socket", cls=rich_click.RichCommand, context_settings={"ignore_unknown_options": True})
@click.argument("family")
@click.argument("type_", metavar="TYPE")
@click.argument("protocol")
@click.option("--as", "user", metavar="USER", help="Make the call as this user: a name, or a uid.")
@click.option("--without", metavar="CAP", help="Make the call without this capability: net_raw.")
@click.option("--path", "with_path", is_flag=True, help="Trace the call: the kernel's path. Needs root.")
@click.option("--json", "as_json", is_flag=True, help="One JSON object instead of the drawing.")
@click.pass_obj
def command(
    color: Color,
    *,
    family: str,
    type_: str,
    protocol: str,
    user: str | None,
    without: str | None,
    with_path: bool,
    as_json: bool,
) -> None:
    """Say how socket(FAMILY, TYPE, PROTOCOL) is decided, make the call, and compare.

    Names or numbers: inet stream tcp, AF_INET6 SOCK_RAW 58, inet stream|nonblock 0. Ends with 1 if the
    kernel does not do what the model says.
    """
    call = _call(family, type_, protocol)
    who = _who(user, without)
    found, path = _report(call, who, with_path=with_path)
    if as_json:
        _print_json(found, path)
    else:
        _draw(found, path, user or "this user", color)
    ending.flush()
    sys.exit(Exit.FAILED if found.agree is False else Exit.OK)


def _report(call: "Call", who: "As", *, with_path: bool) -> "tuple[Report, Path | None]":
    """The path is None where it was not asked for."""
    from synscope.live import protocols  # noqa: PLC0415
    from synscope.tcp.socket_call import decide  # noqa: PLC0415
    from synscope.tcp.socket_report import report  # noqa: PLC0415

    kernel = protocols.kernel()
    caller, done, path = _traced(call, who) if with_path else _done(call, who)
    return report(decide(call, caller, kernel), caller, done), path


def _done(call: "Call", who: "As") -> "tuple[Caller, Outcome, None]":
    from synscope.live import socket_trial  # noqa: PLC0415

    caller, (done,) = socket_trial.attempts([call], who)
    return caller, done, None


def _traced(call: "Call", who: "As") -> "tuple[Caller, Outcome, Path]":
    from synscope.live.socket_path import traced  # noqa: PLC0415

    privileges.require()
    return traced(call, who)


def _call(family: str, type_: str, protocol: str) -> "Call":
    """The three numbers. Raises SynscopeError: USAGE."""
    from synscope.tcp import socket_names  # noqa: PLC0415
    from synscope.tcp.socket_decision import Call  # noqa: PLC0415

    return Call(
        _number("family", family, socket_names.family_of, "inet, inet6 or 0 to 45"),
        _number("socket type", type_, socket_names.type_of, "stream, dgram, raw or 0 to 15"),
        _number("protocol", protocol, socket_names.protocol_of, "0, tcp, udp, icmp or a number"),
    )


def _number(what: str, text: str, of: Callable[[str], int], usual: str) -> int:
    from synscope.tcp.socket_names import NotANumber  # noqa: PLC0415

    if text.startswith("--"):
        raise click.NoSuchOption(text, possibilities=["--as", "--without", "--path", "--json"])
    try:
        return of(text)
    except NotANumber as error:
        why = "it is neither a name of one nor a number of 32 bits"
        raise SynscopeError(f"no {what} {text!r}", why, error.close or usual, Exit.USAGE) from None


def _who(user: str | None, without: str | None) -> "As":
    """Raises SynscopeError: USAGE."""
    from synscope.kernel.capability_names import CAPABILITIES  # noqa: PLC0415
    from synscope.live.socket_trial import As  # noqa: PLC0415

    capability = None
    if without is not None:
        name = "CAP_" + without.upper().removeprefix("CAP_")
        if name not in CAPABILITIES:
            raise _no_such("capability", without, CAPABILITIES, name, "--without CAP_NET_RAW")
        capability = CAPABILITIES.index(name)
    return As(None if user is None else _account(user), capability)


def _account(user: str) -> tuple[int, int, tuple[int, ...]]:
    """uid, gid and groups; of a uid that has no name, itself as gid and no groups."""
    import os  # noqa: PLC0415
    import pwd  # noqa: PLC0415

    try:
        entry = pwd.getpwuid(int(user)) if user.isdecimal() else pwd.getpwnam(user)
    except (KeyError, OverflowError, ValueError):
        if user.isdecimal() and int(user) < (1 << 32) - 1:
            return int(user), int(user), ()
        names = [each.pw_name for each in pwd.getpwall()]
        raise _no_such("user", user, names, user, "getent passwd, to list them") from None
    return entry.pw_uid, entry.pw_gid, tuple(os.getgrouplist(entry.pw_name, entry.pw_gid))


def _no_such(what: str, text: str, names: Iterable[str], word: str, usual: str) -> SynscopeError:
    from difflib import get_close_matches  # noqa: PLC0415

    close = get_close_matches(word, list(names), n=1)
    remedy = close[0] if close else usual
    return SynscopeError(f"no {what} {text!r}", "there is none of that name", remedy, Exit.USAGE)


def _draw(found: "Report", path: "Path | None", who: str, color: Color) -> None:
    from rich.text import Text  # noqa: PLC0415

    from synscope.views.socket_call import socket_call  # noqa: PLC0415
    from synscope.views.socket_path import socket_path  # noqa: PLC0415

    style = terminal.style(sys.stdout)
    console = terminal.console(sys.stdout, color, style.width)
    lines = list(socket_call(found, who, style))
    if path is not None:
        lines += [Text(), *socket_path(path, style)]
    for line in lines:
        console.print(line, soft_wrap=True)


def _print_json(found: "Report", path: "Path | None") -> None:
    import msgspec  # noqa: PLC0415

    more = {} if path is None else {"path": path}
    sys.stdout.buffer.write(msgspec.json.encode({**msgspec.structs.asdict(found), **more}) + b"\n")
