"""Connections as rows for DuckDB to load.

A row is a connection, encoded as its JSON, with what views compute of it; the types of its columns are
those of the model, so that a field that is added there is a column here. Call trees are flattened, as a
table has no recursion, and only where they are asked for: they are most of what a connection holds.
"""

import json
from collections.abc import Iterator, Sequence

import msgspec
from msgspec import inspect

from synscope.connections.model import Call, Connection
from synscope.events.trace import Header
from synscope.export.json import encode
from synscope.views.facts import accept_wait_ns, origin, retransmits, setup_ns

IDENTIFIERS = frozenset({"cookie", "cgroup"})
"""u64 of the kernel that are only compared; every other number fits into a BIGINT."""


_TYPES: dict[type[inspect.Type], str] = {
    inspect.IntType: "BIGINT",
    inspect.BoolType: "BOOLEAN",
    inspect.FloatType: "DOUBLE",
    inspect.DictType: "JSON",
}


class CallRow(msgspec.Struct, frozen=True, gc=False):
    """A call of a forest.

    Attributes:
        n, parent: its number within the connection, from 1, in the order of the trees; its caller's.
        depth: callers above it.
        path: the functions from the outermost to this one, ` > ` between.
    """

    n: int
    parent: int | None
    depth: int
    path: str
    call: Call


class Row(msgspec.Struct, frozen=True, kw_only=True):
    """What is loaded of a connection.

    Attributes:
        start_ns: zero of its time (connect(), else its first milestone), ns of CLOCK_MONOTONIC.
        start_wall_ns: the same moment by the wall clock, ns since 1970.
    """

    start_ns: int
    start_wall_ns: int
    setup_ns: int | None
    accept_wait_ns: int | None
    retransmits: int
    connection: Connection
    calls: tuple[CallRow, ...] = ()


def encoded(connections: Sequence[Connection], header: Header, calls: bool) -> Iterator[str]:
    """Each connection's row as JSON; with `calls`, its calls too."""
    to_wall = header.started_wall_ns - header.started_mono_ns
    for connection in connections:
        start, _ = origin(connection)
        row = Row(
            start_ns=start,
            start_wall_ns=start + to_wall,
            setup_ns=setup_ns(connection),
            accept_wait_ns=accept_wait_ns(connection),
            retransmits=retransmits(connection),
            connection=msgspec.structs.replace(connection, calls=()),
            calls=tuple(flattened(connection.calls)) if calls else (),
        )
        yield encode(row).decode()


def flattened(forest: Sequence[Call]) -> Iterator[CallRow]:
    """The calls of a forest, a caller before those that it called."""
    waiting: list[tuple[Call, int | None, int, str]] = [(call, None, 0, "") for call in reversed(forest)]
    n = 0
    while waiting:
        call, parent, depth, above = waiting.pop()
        n += 1
        path = f"{above} > {call.function}" if above else call.function
        yield CallRow(n, parent, depth, path, msgspec.structs.replace(call, children=()))
        waiting += [(each, n, depth + 1, path) for each in reversed(call.children)]


def structure() -> str:
    """A row's columns and their types, as DuckDB's `from_json` takes them."""
    return json.dumps(_type_of(inspect.type_info(Row)))


def _type_of(kind: inspect.Type, name: str = "") -> object:
    """The type of DuckDB for what msgspec encodes of a field of that name."""
    match kind:
        case inspect.StructType():
            return {each.encode_name: _type_of(each.type, each.encode_name) for each in _columns(kind)}
        case inspect.UnionType():
            (known,) = (each for each in kind.types if not isinstance(each, inspect.NoneType))
            return _type_of(known, name)
        case inspect.VarTupleType():
            return [_type_of(kind.item_type)]
        case inspect.DictType(value_type=inspect.IntType() | inspect.StrType()):
            return f"MAP(VARCHAR, {_type_of(kind.value_type)})"
        case inspect.IntType() if name in IDENTIFIERS:
            return "UBIGINT"
        case _:
            return _TYPES.get(type(kind), "VARCHAR")


def _columns(kind: inspect.StructType) -> Iterator[inspect.Field]:
    """The fields but those that lead to call trees."""
    of_trees = {Connection: "calls", Call: "children"}.get(kind.cls)
    return (field for field in kind.fields if field.name != of_trees)
