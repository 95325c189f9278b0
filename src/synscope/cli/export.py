"""`synscope export`: a saved trace in the formats that other tools open."""

from pathlib import Path
from typing import TYPE_CHECKING

import click
import rich_click

from synscope.cli import completing, ending, output, resaved, suggestion
from synscope.cli.options import CONNECTION, FORCE, REDACT
from synscope.errors import Exit, SynscopeError

if TYPE_CHECKING:
    from collections.abc import Sequence

    from synscope.connections.model import Connection
    from synscope.events.trace import Trace
    from synscope.export.formats import Format


class Command(rich_click.RichCommand):
    """Lists the formats below its help; they are loaded only for that."""

    def get_help(self, ctx: click.Context) -> str:
        from synscope.export.formats import MODULES, format_of  # noqa: PLC0415

        lines = [f"{suffix:<16} {format_of(suffix).ONE_LINE}" for suffix in MODULES]
        lines.append(f"{resaved.SUFFIX:<16} {resaved.ONE_LINE}")
        self.epilog = "\n\n".join(("Formats, by how the name ends:", *lines))
        return super().get_help(ctx)


@click.command("export", cls=Command)
@click.argument("file", metavar="FILE", type=click.Path(path_type=Path))
@click.option(
    "-o",
    "--output",
    "to",
    metavar="NAME.EXT",
    type=click.Path(path_type=Path),
    help="The file to write; how its name ends says the format. - is stdout.",
)
@click.option(
    "--format",
    "suffix",
    metavar="EXT",
    shell_complete=completing.formats,
    help="The format, where the name does not say it.",
)
@click.option("--otlp", "collector", metavar="URL", help="Send OpenTelemetry spans to this collector.")
@CONNECTION
@FORCE
@REDACT
def command(
    *,
    file: Path,
    to: Path | None,
    suffix: str | None,
    collector: str | None,
    connection: str | None,
    force: bool,
    redact: bool,
) -> None:
    """Write the connections of FILE in another format, for other tools to open."""
    from synscope.capture.file import read  # noqa: PLC0415
    from synscope.cli.otlp import endpoint  # noqa: PLC0415
    from synscope.cli.progress import Counted  # noqa: PLC0415
    from synscope.cli.telling import connections_of  # noqa: PLC0415

    if to is None and collector is None:
        raise click.UsageError("Nowhere to write to: -o NAME.EXT, or --otlp URL.")
    url = None if collector is None else endpoint(collector)
    form = None if to is None else _format(to, suffix)
    if form is resaved and connection is not None:
        raise click.UsageError(f"A {resaved.SUFFIX} file has all connections: leave out --connection.")
    if to is not None:
        output.check(to, force)
    trace = read(file)
    if redact:
        from synscope.export.redaction.redact import Redaction  # noqa: PLC0415

        trace = Redaction().trace(trace)
    found = connections_of(trace, connection)
    if not output.is_terminal(to):
        found = Counted(found, "connections")
    if to is not None and form is not None:
        output.put(to, form.write(found, trace, ending.say))
    if url is not None:
        _send(url, found, trace)
    if not trace.footer.complete:
        ending.say(f"{file} was cut off: what was written before is exported")


def _format(to: Path, suffix: str | None) -> "Format":
    """The format that `--format` or the name says. Raises SynscopeError: USAGE."""
    from synscope.export.formats import MODULES, format_of  # noqa: PLC0415

    known = (*MODULES, resaved.SUFFIX)
    unnamed = output.is_stdout(to)
    if suffix is not None:
        what, ends = f"no format {suffix!r}", f".{suffix.lower().removeprefix('.')}"
        found = ends if ends in known else None
    else:
        what = "stdout has no name that says the format" if unnamed else f"no format {to.suffix!r}"
        found = max((each for each in known if to.name.lower().endswith(each)), key=len, default=None)
    if found is None:
        close = suggestion.nearest(ends if suffix else to.suffix, known) or ".json"
        remedy = f"--format {close[1:]}" if unnamed or suffix else f"-o {to.stem or 'trace'}{close}"
        raise SynscopeError(what, f"there are {', '.join(known)}", remedy, Exit.USAGE)
    return resaved if found == resaved.SUFFIX else format_of(found)


def _send(url: str, found: "Sequence[Connection]", trace: "Trace") -> None:
    from synscope.cli.otlp import send  # noqa: PLC0415
    from synscope.export.otlp import requests  # noqa: PLC0415

    send(url, requests(found, trace))
    ending.say(f"sent {len(found)} connection{'' if len(found) == 1 else 's'} to {url}")
