"""The formats of `synscope export`: which module writes the file whose name ends so.

A format is one module of this package with a ONE_LINE and `write`, a pure function from connections
and their trace to the file's bytes. It never invents what was not observed: what it leaves out, it says.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from importlib import import_module
from typing import TYPE_CHECKING, Protocol, cast

if TYPE_CHECKING:
    from synscope.connections.model import Connection
    from synscope.events.trace import Trace

Say = Callable[[str], None]
"""Takes a sentence for the reader: what the file does not hold, and why."""

MODULES = {
    ".html": "html",
    ".txt": "text",
    ".svg": "svg",
    ".json": "json",
    ".jsonl": "json_lines",
    ".mmd": "mermaid",
    ".parquet": "parquet",
    ".pcapng": "pcapng",
    ".perfetto-trace": "perfetto",
    ".otlp.json": "otlp",
}
"""How a file's name ends, and the module that writes it, in the order in which `--help` lists them."""


class Format(Protocol):
    """What a format's module holds."""

    @property
    def ONE_LINE(self) -> str:  # noqa: N802 - a constant of the module
        """What it is, and what opens it, for the help."""

    def write(self, connections: Sequence[Connection], trace: Trace, say: Say) -> Iterator[bytes]:
        """The file, in pieces; `connections` are made as they are asked for, thousands need no memory."""


def format_of(suffix: str) -> Format:
    """The format of `suffix` (`".json"`), its module loaded now. Raises KeyError."""
    return cast(Format, import_module(f"synscope.export.{MODULES[suffix]}"))
