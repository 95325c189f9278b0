"""A connection as one line of JSON: `synscope.connection/1` (docs/reference/connection-json.md)."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING

import msgspec

if TYPE_CHECKING:
    from synscope.connections.model import Connection
    from synscope.events.trace import Trace
    from synscope.export.formats import Say

ONE_LINE = "synscope.connection/1, an array of all"


def write(connections: Sequence[Connection], trace: Trace, say: Say) -> Iterator[bytes]:
    """One JSON array, a connection a line."""
    before = b"[\n"
    for connection in connections:
        yield before + encode(connection)
        before = b",\n"
    yield b"\n]\n" if before == b",\n" else b"[]\n"


def encode(told: object) -> bytes:
    """The JSON of a connection, or of whatever else is told of one: UTF-8, one line without its newline.

    Unknown is null. What is not printable is escaped (`\\u009b`): a reader gets the same text, and a
    terminal is not steered. Bytes of a name that are not UTF-8 (lone surrogates) become their escape.
    """
    try:
        line = msgspec.json.encode(told)
    except UnicodeEncodeError:
        line = msgspec.json.encode(_encodable(msgspec.to_builtins(told)))
    return escaped(line.decode()).encode()


def escaped(line: str) -> str:
    """A line of JSON, what is not printable in it escaped."""
    return line if line.isprintable() else "".join(map(_escaped, line))


def _escaped(character: str) -> str:
    """JSON's escape of what is not printable; beyond the strings of a document, everything is."""
    if character.isprintable():
        return character
    units = character.encode("utf-16-be")
    return "".join(f"\\u{units[at]:02x}{units[at + 1]:02x}" for at in range(0, len(units), 2))


def _encodable(value: object) -> object:
    """The same value, its strings such that UTF-8 can hold them."""
    match value:
        case str():
            return value.encode("utf-8", "backslashreplace").decode()
        case dict():
            return {_encodable(key): _encodable(each) for key, each in value.items()}
        case list() | tuple():
            return [_encodable(each) for each in value]
        case _:
            return value
