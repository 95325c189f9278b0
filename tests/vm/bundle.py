"""A tar with the interpreter and all that a script imports, for a guest to unpack into memory.

The guest sees the host's files over 9p, without a cache and at some MB/s: importing numpy from there takes
it most of a minute, from memory a few seconds.

`python bundle.py TAR FILE…` writes the tar: bin/python, lib/ (PYTHONHOME), and site/ with all packages, the
checkout's too, and the files: scripts, of which it takes the imports, or directories.
"""

import os
import runpy
import sys
import sysconfig
import tarfile
from collections.abc import Iterator
from pathlib import Path

CHECKOUT = Path(__file__).parents[2]
STDLIB = Path(sysconfig.get_path("stdlib"))
SITES = tuple(dict.fromkeys(Path(sysconfig.get_path(name)) for name in ("platlib", "purelib")))
PLACES = {
    CHECKOUT / "src": Path("site"),
    CHECKOUT / "tests": Path("site"),
    **dict.fromkeys(SITES, Path("site")),
    STDLIB: Path("lib", STDLIB.name),
}
CODE = {".py", ".pyc", ".so"}


def environment(bundle: str) -> dict[str, str]:
    """The variables with which `bundle`/bin/python runs, where the tar was unpacked in `bundle`."""
    path = [f"{bundle}/site", STDLIB, STDLIB / "lib-dynload", *SITES]
    return {
        "PYTHONHOME": bundle,
        "PYTHONPATH": os.pathsep.join(map(str, path)),
        "PYTHONDONTWRITEBYTECODE": "1",
        "LD_LIBRARY_PATH": f"{bundle}/lib",
    }


def main(tar: Path, *files: Path) -> None:
    """Import what the scripts import, and pack the files that this took."""
    for script in files:
        if script.suffix == ".py":
            runpy.run_path(str(script), run_name="bundled")
    with tarfile.open(tar, "w") as archive:
        archive.add(Path(sys.executable).resolve(), "bin/python")
        for source in sorted({*files, *modules(), *mapped()}):
            if (target := target_of(source)) is not None:
                archive.add(source, str(target))


def modules() -> Iterator[Path]:
    """The files of the modules that were loaded; of packages, also of those that may yet be."""
    for name, module in list(sys.modules.items()):
        file = Path(getattr(module, "__file__", None) or "/")
        if hasattr(module, "__path__") and "." not in name:
            yield from package(file.parent)
        elif file.is_file():
            yield file


def package(directory: Path) -> Iterator[Path]:
    """A package's code, without its tests."""
    for path in directory.rglob("*"):
        inside = path.relative_to(directory)
        if path.suffix in CODE and path.is_file() and "tests" not in inside.parts:
            yield path


def mapped() -> Iterator[Path]:
    """The libraries that came with them."""
    for line in Path("/proc/self/maps").read_text().splitlines():
        path = Path(line.split(maxsplit=5)[-1])
        if path.suffix == ".so" or ".so." in path.name:
            yield path


def target_of(source: Path) -> Path | None:
    """Where a file goes in the tar; None for the system's libraries, which stay where they are."""
    if source.name.startswith("libpython"):
        return Path("lib", source.name)
    for place, target in PLACES.items():
        if source.is_relative_to(place):
            return target / source.relative_to(place)
    return None


if __name__ == "__main__":
    main(*map(Path, sys.argv[1:]))
