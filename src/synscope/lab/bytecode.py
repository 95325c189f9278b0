"""A module's bytecode, as Python keeps it beside the source; compiled where that is stale or not there."""

import importlib.util
import marshal
import struct
from pathlib import Path

_HEAD = struct.Struct("<4sIII")  # magic, flags, source's mtime, source's size (PEP 552)


def of(source: Path) -> bytes:
    """The content of a `.pyc` that needs no source. Raises SyntaxError, OSError."""
    return _kept(source) or _compiled(source)


def _kept(source: Path) -> bytes | None:
    try:
        content = Path(importlib.util.cache_from_source(str(source))).read_bytes()
        magic, flags, mtime, size = _HEAD.unpack_from(content)
    except (OSError, struct.error):
        return None
    status = source.stat()
    fresh = (mtime, size) == (int(status.st_mtime) & 0xFFFFFFFF, status.st_size & 0xFFFFFFFF)
    return content if magic == importlib.util.MAGIC_NUMBER and flags == 0 and fresh else None


def _compiled(source: Path) -> bytes:
    code = compile(source.read_bytes(), source.name, "exec", dont_inherit=True)
    return _HEAD.pack(importlib.util.MAGIC_NUMBER, 0, 0, 0) + marshal.dumps(code)
