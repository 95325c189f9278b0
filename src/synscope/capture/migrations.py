"""How rows of another synscope's layout become rows of this one's.

A file states the layout of its own rows. They are read by it and copied field by field into today's dtypes:
fields that the file lacks are 0, which is what the kernel half writes where it knows nothing, and fields that
are not known here are passed over. So a wire format that only gains fields needs no step of its own.
"""

import re
from typing import Any

import msgspec
import numpy as np

from synscope.events.trace import Rows

Layout = list[Any]
"""A dtype's fields, each [name, format or fields, shape]: `[["t", "<u8", [16]], ["pid", "<u4", []]]`."""

LARGEST_ROW = 1 << 16
"""Bytes: a row longer than this is none of synscope's."""

_FORMAT = re.compile(r"[<|][uiV][0-9]{1,5}")
_DEPTH = 4


class _Field(msgspec.Struct, array_like=True, forbid_unknown_fields=True):
    name: str
    format: str | list[Any]
    shape: list[int]


def describe(dtype: np.dtype[Any]) -> Layout:
    """The layout of a packed structured dtype, for a file's header."""
    layout: Layout = []
    for name in dtype.names or ():
        field = dtype[name]
        base = field.base
        layout.append([name, describe(base) if base.names else base.str, list(field.shape)])
    return layout


def understand(layout: Layout) -> np.dtype[Any]:
    """The dtype that a file's layout describes: unsigned, signed, bytes and structs of them, nothing else.

    Raises:
        ValueError: it describes no such row, or one longer than `LARGEST_ROW`.
    """
    try:
        dtype = _understand(layout, _DEPTH)
    except (msgspec.ValidationError, TypeError) as error:
        raise ValueError(str(error)) from error
    if not 0 < dtype.itemsize <= LARGEST_ROW:
        raise ValueError(f"rows of {dtype.itemsize} bytes")
    return dtype


def _understand(layout: Layout, depth: int) -> np.dtype[Any]:
    if depth == 0:
        raise ValueError("structs nested too deep")
    fields = msgspec.convert(layout, list[_Field])
    return np.dtype([(field.name, _type(field, depth), _shape(field)) for field in fields])


def _type(field: _Field, depth: int) -> np.dtype[Any]:
    if isinstance(field.format, list):
        return _understand(field.format, depth - 1)
    if not _FORMAT.fullmatch(field.format):
        raise ValueError(f"a field of type {field.format!r}")
    return np.dtype(field.format)


def _shape(field: _Field) -> tuple[int, ...]:
    if len(field.shape) > _DEPTH or any(not 0 < length <= LARGEST_ROW for length in field.shape):
        raise ValueError(f"a field of shape {field.shape}")
    return tuple(field.shape)


def lift(rows: Rows, dtype: np.dtype[Any]) -> Rows:
    """`rows` of any layout, (n,), as (n,) rows of `dtype`; arrays and bytes are cut or filled up with 0."""
    if rows.dtype == dtype:
        return rows
    lifted = np.zeros(rows.shape, dtype)
    _copy(rows.view(_octets(rows.dtype)), lifted.view(_octets(dtype)))
    return lifted


def _copy(rows: Rows, lifted: Rows) -> None:
    """Field by field; where one is a struct or an array and the other is not, they are not the same field."""
    for name in set(lifted.dtype.names or ()) & set(rows.dtype.names or ()):
        source, target = rows[name], lifted[name]
        if source.ndim != target.ndim or (source.dtype.names is None) != (target.dtype.names is None):
            continue
        both = tuple(slice(min(pair)) for pair in zip(source.shape, target.shape, strict=True))
        if source.dtype.names is None:
            target[both] = source[both]
        else:
            _copy(source[both], target[both])


def _octets(dtype: np.dtype[Any]) -> np.dtype[Any]:
    """The same layout with plain bytes (`V16`) as arrays of numbers, which can be cut and filled up."""
    if dtype.names is not None:
        fields = ((name, dtype[name]) for name in dtype.names)
        return np.dtype([(name, _octets(field.base), field.shape) for name, field in fields])
    return np.dtype(("u1", (dtype.itemsize,))) if dtype.kind == "V" else dtype
