"""Shared libraries: which a program needs, and the part of each that is ever loaded."""

import re
import struct
import subprocess
import sys
from collections.abc import Iterable
from pathlib import Path

from synscope.probes.libbpf import Library

_LINE = re.compile(r"^\t(?:(?P<name>\S+) => )?(?P<path>/\S+) \(0x", re.MULTILINE)
_HEADER = struct.Struct("<4s12xHHIQQQIHHHHHH")  # Elf64_Ehdr; the magic apart
_PROGRAM = struct.Struct("<IIQQQQQQ")  # Elf64_Phdr
_SEPARATORS = re.compile("[: ]")  # of LD_PRELOAD
_LOADABLE = (2, 3)  # ET_EXEC, ET_DYN


def needed(objects: Iterable[Path]) -> dict[str, Path]:
    """What ldd(1) and the loader find for them: the name by which each is asked for, and its file.

    The loader itself is named by its whole path. ldd takes 5 ms for each: libraries are told by one run.
    """
    paths = {str(path) for path in objects}
    libraries = {path for path in paths if ".so" in path and not _SEPARATORS.search(path)}
    said = _ldd(paths - libraries) + (_preloaded(libraries) if libraries else "")
    found = [(match["name"] or match["path"], match["path"]) for match in _LINE.finditer(said)]
    return {name: Path(path) for name, path in found if name not in libraries}


def _ldd(programs: Iterable[str]) -> str:
    return subprocess.run(["ldd", *sorted(programs)], capture_output=True, text=True, check=False).stdout


def _preloaded(libraries: Iterable[str]) -> str:
    """The same of all at once, and of this interpreter: it would load them, but does not start (ld.so(8))."""
    environ = {"LD_TRACE_LOADED_OBJECTS": "1", "LD_PRELOAD": ":".join(sorted(libraries))}
    command = [sys.executable, "-c", ""]
    return subprocess.run(command, env=environ, capture_output=True, text=True, check=False).stdout


def libbpf() -> Path:
    """Where libbpf.so.1 is. Raises SynscopeError where it is not installed."""
    Library.load()
    lines = Path("/proc/self/maps").read_text().splitlines()
    return next(Path(line.split(maxsplit=5)[5]) for line in lines if "/libbpf.so" in line)


def loaded(content: bytes) -> bytes:
    """An ELF64 program or library without what follows its segments, symbols above all; else unchanged."""
    if len(content) < _HEADER.size or not content.startswith(b"\x7fELF\x02"):
        return content
    fields = list(_HEADER.unpack_from(content))
    kind, start, size, count = fields[1], fields[5], fields[9], fields[10]
    if kind not in _LOADABLE:
        return content
    segments = (_PROGRAM.unpack_from(content, start + number * size) for number in range(count))
    end = max(start + size * count, *(segment[2] + segment[5] for segment in segments))
    fields[6] = fields[11] = fields[12] = fields[13] = 0  # no sections any more
    return content[:4] + content[4:16] + _HEADER.pack(*fields)[16:] + content[_HEADER.size : end]
