"""The guest's files: this Python with its library, what tracing needs of synscope, a few small programs."""

import hashlib
import os
import shutil
import sys
import sysconfig
from collections.abc import Iterable, Iterator
from importlib.util import find_spec
from pathlib import Path
from typing import NamedTuple

import synscope

PYTHON = "usr/bin/python3"
STDLIB = f"usr/{sys.platlibdir}/python{sys.version_info.major}.{sys.version_info.minor}"
SITE = "site"
PACKAGES = ("msgspec", "numpy")
"""What tracing imports beside the standard library; each where it is installed."""
ON_THE_HOST = {"capture", "cli", "diagnosis", "export", "lab", "live", "views"}
"""Packages of synscope that do not run in the guest, so that a change in them makes no other guest."""
YET_IN_THE_GUEST = (
    "cli/__init__.py",
    "cli/demo_pair.py",
    "lab/__init__.py",
    "lab/guest",
    "lab/handover.py",
    "lab/mailbox.py",
    "lab/messages.py",
)
PROGRAMS = ("cat", "echo", "env", "false", "ip", "ls", "nc", "sh", "sleep", "ss", "sysctl", "timeout", "true")
"""Each where the host has it."""
SBIN = ("/usr/local/sbin", "/usr/sbin", "/sbin")  # not in everyone's PATH

_LEFT_OUT = {
    "__pycache__",
    "distutils",
    "ensurepip",
    "f2py",
    "idlelib",
    "include",
    "lib2to3",
    "pydoc_data",
    "site-packages",
    "dist-packages",
    "test",
    "tests",
    "tkinter",
    "turtledemo",
    "venv",
}
_PREFIXES = ("config-", "_tkinter.", "_test", "_xxtest", "xxlimited")  # for linking, for windows, for tests

_WANTED = (".py", ".o", ".toml")


class Source(NamedTuple):
    """A file of the host, and where it goes in the guest (no leading slash)."""

    target: str
    path: Path


def sources() -> list[Source]:
    """All but the shared libraries, which follow from these. Some 20 ms."""
    found = [Source(PYTHON, Path(sys.executable).resolve())]
    found += tree(Path(sysconfig.get_path("stdlib")), STDLIB)
    for name in PACKAGES:
        found += _package(name)
    return [*found, *_synscope(), *programs(PROGRAMS)]


def digest(found: Iterable[Source]) -> str:
    """Another where a file is another, by its size and time of change."""
    said = hashlib.sha256()
    for source in found:
        status = source.path.stat()
        said.update(f"{source.target}\0{status.st_size}\0{status.st_mtime_ns}\n".encode())
    return said.hexdigest()


def _synscope() -> Iterator[Source]:
    root = Path(synscope.__file__).parent
    parts = sorted(entry.name for entry in root.iterdir() if entry.name not in ON_THE_HOST)
    for part in (*parts, *YET_IN_THE_GUEST):
        yield from tree(root / part, f"{SITE}/synscope/{part}")


def _package(name: str) -> Iterator[Source]:
    """A package, and beside it the libraries that its wheel brought."""
    spec = find_spec(name)
    if spec is None or not spec.submodule_search_locations:
        return
    directory = Path(spec.submodule_search_locations[0])
    yield from tree(directory, f"{SITE}/{name}")
    libraries = directory.with_name(f"{name}.libs")
    if libraries.is_dir():
        yield from tree(libraries, f"{SITE}/{name}.libs")


def tree(path: Path, target: str) -> Iterator[Source]:
    """A file, if it is of use there, or what a directory holds, in the order of names."""
    if path.name in _LEFT_OUT or path.name.startswith(_PREFIXES):
        return
    if path.is_dir():
        for inside in sorted(path.iterdir()):
            yield from tree(inside, f"{target}/{inside.name}")
    elif path.name.endswith(_WANTED) or ".so" in path.name:
        yield Source(target, path)


def programs(names: Iterable[str]) -> Iterator[Source]:
    """Those of these programs that the host has, as it has them."""
    search = os.pathsep.join([os.environ.get("PATH", os.defpath), *SBIN])
    for name in names:
        found = shutil.which(name, path=search)
        if found:
            yield Source(f"usr/bin/{name}", Path(found).resolve())
