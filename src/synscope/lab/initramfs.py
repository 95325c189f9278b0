"""The guest's first file system, made of the files of `image`.

Sources give way to their bytecode, and programs lose what is not loaded: what is in the guest is in its
memory, and in every snapshot.
"""

from collections.abc import Iterable, Iterator
from pathlib import Path, PurePosixPath
from typing import BinaryIO

from synscope.lab import bytecode, cpio, libraries
from synscope.lab.image import SITE, Source

ENVIRONMENT = {"PATH": "/usr/bin", "PYTHONPATH": f"/{SITE}", "HOME": "/root", "PYTHONHASHSEED": "0"}
"""Of the first process: the kernel hands on what its command line names."""

_INIT = """#!/usr/bin/python3
from synscope.lab.guest import world
world.prepare()
from synscope.lab.guest.workload import Workload
workloads = Workload(), Workload()
from synscope.lab.guest.agent import main
main(*workloads)
"""
_LINKS = {"bin": "usr/bin", "lib": "usr/lib", "lib64": "usr/lib64", "sbin": "usr/bin"}
_EMPTY = ("dev", "proc", "root", "sys", "tmp", "usr/lib64")


def write(stream: BinaryIO, sources: list[Source]) -> None:
    """Write the archive of `sources` and of the libraries that they need.

    Raises:
        SynscopeError: libbpf is not installed.
    """
    libbpf = libraries.libbpf()
    programs = [libbpf, *(source.path for source in sources if _is_program(source))]
    there = {source.path.resolve() for source in sources}
    shared = {"libbpf.so.1": libbpf, **libraries.needed(programs)}
    missing = {name: path for name, path in shared.items() if path.resolve() not in there}
    files = [*map(_entry, sources), *_libraries(missing), cpio.file("init", _INIT.encode(), executable=True)]
    cpio.write(stream, [*_directories(files), *(cpio.link(*pair) for pair in _LINKS.items()), *files])


def _is_program(source: Source) -> bool:
    return source.target.startswith("usr/bin/") or ".so" in source.path.name


def _entry(source: Source) -> cpio.Entry:
    if source.path.suffix == ".py":
        return cpio.file(source.target + "c", bytecode.of(source.path))
    content = libraries.loaded(source.path.read_bytes())
    return cpio.file(source.target, content, executable=_is_program(source))


def _libraries(found: dict[str, Path]) -> Iterator[cpio.Entry]:
    """Beside libc, where the loader looks without being told; the loader itself in its own place."""
    home = found["libc.so.6"].parent.resolve()
    for name, path in found.items():
        place = Path(name) if name.startswith("/") else home / name
        content = libraries.loaded(path.read_bytes())
        yield cpio.file(_in_usr(place), content, executable=True)


def _in_usr(path: Path) -> str:
    """A path of the host as the guest has it, where /lib is a link to /usr/lib."""
    inside = path.relative_to("/")
    return str(inside if inside.parts[0] == "usr" else Path("usr", inside))


def _directories(files: Iterable[cpio.Entry]) -> list[cpio.Entry]:
    names = {str(parent) for file in files for parent in PurePosixPath(file.name).parents}
    return [cpio.directory(name) for name in sorted(names.union(_EMPTY) - {"."})]
