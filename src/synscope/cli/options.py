"""Options that several commands have, so that they are spelt and explained once."""

from pathlib import Path

import click

from synscope.cli import completing, failing, suggestion

VIEWS = ("story", "ladder", "calls", "states", "timeline", "table", "summary")
"""Views by name; a test compares them with `synscope.views`, which `--help` need not load."""

OUTPUT = click.option(
    "-o",
    "--output",
    metavar="FILE",
    type=click.Path(path_type=Path),
    help="Save the trace, for synscope show.",
)
FORCE = click.option("--force", is_flag=True, help="Replace FILE if it exists.")
JSON = click.option(
    "--json", "as_json", is_flag=True, help="Connections as JSON lines on stdout, nothing else."
)
VIEW = click.option(
    "--view",
    type=suggestion.Choice(VIEWS),
    default="story",
    show_default=True,
    help="What to print of the trace.",
)
KERNEL = click.option(
    "--kernel",
    metavar="KERNEL",
    help="6.1, 6.12, a release of `lab kernels`, a .deb or a vmlinuz; else the newest in the cache.",
)
EXPLAIN = click.option("--explain", is_flag=True, help="Say of each kernel function what it does.")
ALL_FUNCTIONS = click.option(
    "--all-functions", is_flag=True, help="Draw every call that was traced, however many there are."
)
FAIL_ON = click.option(
    "--fail-on",
    metavar="CODE",
    multiple=True,
    callback=failing.checked,
    shell_complete=completing.codes_and_severities,
    help="Exit with 5 if a finding of this code, or at least this severity, is made.",
)
CONNECTION = click.option(
    "--connection",
    metavar="ID",
    shell_complete=completing.connections,
    help="Only this connection: c1, c2, …",
)
REDACT = click.option(
    "--redact", is_flag=True, help="Replace addresses and names, the same by the same; ports and times stay."
)
