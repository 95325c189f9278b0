"""A connection as one line of JSON: `synscope.connection/1` (docs/reference/connection-json.md)."""

import msgspec

from synscope.connections.comparison import Comparison
from synscope.connections.model import Connection


def encode(connection: Connection | Comparison) -> bytes:
    """The JSON object of a connection (or of two compared), UTF-8, on one line without its newline.

    Unknown is null. What is not printable is escaped (`\\u009b`): a reader gets the same text, and a
    terminal is not steered. Bytes of a name that are not UTF-8 (lone surrogates) become their escape.
    """
    try:
        line = msgspec.json.encode(connection)
    except UnicodeEncodeError:
        line = msgspec.json.encode(_encodable(msgspec.to_builtins(connection)))
    text = line.decode()
    return line if text.isprintable() else "".join(map(_escaped, text)).encode()


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
