"""Options that several commands have, so that they are spelt and explained once."""

from pathlib import Path

import click

from synscope.cli import failing

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
    "--view", type=click.Choice(VIEWS), default="story", show_default=True, help="What to print of the trace."
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
    help="Exit with 5 if a finding of this code, or at least this severity, is made.",
)
CONNECTION = click.option("--connection", metavar="ID", help="Only this connection: c1, c2, …")
