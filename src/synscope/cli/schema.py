"""`synscope schema`: the JSON Schema of what `--json` prints."""

import json
import sys

import click
import rich_click


@click.command("schema", cls=rich_click.RichCommand)
def command() -> None:
    """Print the JSON Schema of what --json prints."""
    from synscope.export.schema import schema  # noqa: PLC0415

    json.dump(schema(), sys.stdout, indent=2, ensure_ascii=False)
    print()
