"""The catalogue of the kernel's functions of TCP connection setup: functions.toml, as types.

What each does was written from the kernel's source; names, arguments and files are held against the
kernels' type information (tests/oracle/test_catalogue.py).
"""

import re
import tomllib
from collections.abc import Mapping
from functools import cache
from importlib.resources import files
from types import MappingProxyType
from typing import Literal, get_args

import msgspec

Stage = Literal[
    "socket",
    "bind",
    "listen",
    "connect",
    "state",
    "port",
    "route",
    "transmit",
    "receive",
    "request",
    "synack",
    "cookie",
    "established",
    "accept",
    "timer",
    "reset",
    "close",
]
STAGES: tuple[Stage, ...] = get_args(Stage)
"""What a connection does in a function, in the order of functions.toml."""

# What gcc appends to the name of a function that it has changed (gcc/symtab-clones.h).
_CLONE = re.compile(r"\.(?:isra|constprop|part|cold)\b.*")


class CataloguedFunction(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A function of connection setup.

    Attributes:
        name: as in the newest kernel that has it.
        source: its file in the kernel tree.
        does: one sentence.
        arguments: those worth showing, each with a key of `values.FORMATTERS`.
        also: names that it has in other kernels and on other architectures.
        inlined: whether it has no symbol of its own.
    """

    name: str
    stage: Stage
    source: str
    does: str
    arguments: dict[str, str] = {}
    also: tuple[str, ...] = ()
    inlined: bool = False


@cache
def functions() -> Mapping[str, CataloguedFunction]:
    """Every function of the catalogue by each of its names, `also` included, in the order of the file."""
    text = files("synscope.tcp").joinpath("functions.toml").read_text(encoding="utf-8")
    found = {}
    for name, fields in tomllib.loads(text).items():
        function = msgspec.convert({"name": name, **fields}, CataloguedFunction)
        found.update(dict.fromkeys((name, *function.also), function))
    return MappingProxyType(found)


def find(symbol: str) -> CataloguedFunction | None:
    """The entry of a kernel symbol, compiler's suffixes (`.isra.0`) aside; None where there is none."""
    return functions().get(_CLONE.sub("", symbol))
