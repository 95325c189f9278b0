"""The C structs held against the numpy dtypes, through the objects' own BTF: at build time, and by a test."""

from pathlib import Path
from typing import Any

import numpy as np

from synscope.errors import SynscopeError
from synscope.events.socket_wire import FILTER, SOCKET_ROW
from synscope.events.wire import FUNCTION_CALL, HALF, PATH_EVENT, TRANSITION
from synscope.kernel.btf import Btf
from synscope.probes.config import ARGUMENTS, CONFIG, FRAME, FRAMES

_STRUCTS: tuple[tuple[str, str, np.dtype[Any]], ...] = (
    ("state", "half", HALF),
    ("state", "transition", TRANSITION),
    ("state", "config", CONFIG),
    ("segments", "path_event", PATH_EVENT),
    ("functions", "function_call", FUNCTION_CALL),
    ("functions", "function_arguments", ARGUMENTS),
    ("functions", "frame", FRAME),
    ("functions", "frames", FRAMES),
    ("inspect", "socket_row", SOCKET_ROW),
    ("inspect", "socket_filter", FILTER),
)


def fields_of(dtype: np.dtype[Any]) -> list[tuple[str, int, int]]:
    """`(name, offset, size)` of each field, in order."""
    fields = dict(dtype.fields or {})
    return [(name, fields[name][1], fields[name][0].itemsize) for name in dtype.names or ()]


def check(objects: Path) -> None:
    """Raise SynscopeError where a struct of the compiled objects is not what Python takes it for."""
    for stem, name, dtype in _STRUCTS:
        btf = Btf.of_object(objects / f"{stem}.bpf.o")
        compiled = [tuple(field) for field in btf.struct_layout(name)]
        if compiled != fields_of(dtype):
            wrong = set(compiled) ^ set(fields_of(dtype))
            raise SynscopeError(
                f"struct {name} differs between C and Python",
                f"field, offset, size: {sorted(wrong)}",
                "change bpf/*.h and src/synscope/events/wire.py together",
            )
