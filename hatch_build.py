"""The build hook: compiles every bpf/*.bpf.c into src/synscope/probes/objects before a wheel is made.

It runs for wheels and editable installs, so that installing a wheel needs no clang. The compiled
records are then held against the numpy dtypes of synscope.events.wire: a difference stops the build.
"""

import importlib
import os
import platform
import re
import shutil
import subprocess
import sys
import sysconfig
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from hatchling.builders.hooks.plugin.interface import BuildHookInterface

OLDEST_CLANG = 14
NEWEST_CLANG = 22
REMEDY = "on Debian and Ubuntu: apt-get install clang libbpf-dev (as root)"
TARGET_ARCH = {"x86_64": "x86", "aarch64": "arm64"}
OBJECTS = Path("src/synscope/probes/objects")


class BuildError(Exception):
    """What stopped the build, and the command that mends it."""


class CustomBuildHook(BuildHookInterface[Any]):
    """Hatchling's entry point (https://hatch.pypa.io/latest/plugins/build-hook/custom/)."""

    def initialize(self, version: str, build_data: dict[str, Any]) -> None:
        """Compile and check; `version` is "standard" or "editable"."""
        if self.target_name != "wheel":
            return
        try:
            build(Path(self.root))
        except BuildError as error:
            sys.exit(f"synscope cannot be built: {error}")
        # Only PT_REGS macros make an object differ by architecture, but they do: no py3-none-any.
        build_data["pure_python"] = False
        build_data["infer_tag"] = False
        build_data["tag"] = f"py3-none-linux_{machine()}"


def build(root: Path) -> None:
    """Bring every object up to date and hold its records against the dtypes."""
    objects = root / OBJECTS
    sources = sorted((root / "bpf").glob("*.bpf.c"))
    if not sources:
        raise BuildError(f"no bpf/*.bpf.c under {root}: the source tree is not complete")
    objects.mkdir(parents=True, exist_ok=True)
    remove_orphans(objects, sources)
    for source in sources:
        target = objects / source.with_suffix(".o").name
        if is_stale(target, root):
            compile_object(source, target, root)
    check_layout(root, objects)


def machine() -> str:
    """`uname -m`, if it is one that the kernel half is written for."""
    name = platform.machine()
    if name not in TARGET_ARCH:
        raise BuildError(f"machine {name} is not supported; known: {', '.join(TARGET_ARCH)}")
    return name


def remove_orphans(objects: Path, sources: list[Path]) -> None:
    """Delete objects whose source is gone: the wheel would ship them."""
    kept = {source.with_suffix(".o").name for source in sources}
    for found in objects.glob("*.bpf.o"):
        if found.name not in kept:
            found.unlink()


def is_stale(target: Path, root: Path) -> bool:
    """Whether any header, source or this file is newer than the object."""
    if not target.exists():
        return True
    inputs = [*(root / "bpf").glob("*.[ch]"), root / "hatch_build.py"]
    return any(path.stat().st_mtime > target.stat().st_mtime for path in inputs)


def compile_object(source: Path, target: Path, root: Path) -> None:
    """Compile one source; the object appears whole or not at all."""
    clang = find_clang()
    fresh = target.with_suffix(".new")
    paths = [str(source.relative_to(root)), "-o", str(fresh)]
    done = subprocess.run(
        [clang, *flags(root), *paths], cwd=root, capture_output=True, text=True, check=False
    )
    if done.returncode != 0:
        fresh.unlink(missing_ok=True)
        raise BuildError(explain(source.name, done.stderr))
    sys.stderr.write(done.stderr)
    strip_debug(clang, fresh)
    fresh.replace(target)


def flags(root: Path) -> list[str]:
    """clang's arguments; relative paths and the prefix map keep objects the same from any checkout."""
    include = f"/usr/include/{sysconfig.get_config_var('MULTIARCH') or machine() + '-linux-gnu'}"
    return [
        *("-target", "bpf", "-O2", "-g", "-mcpu=v3"),
        *("-Wall", "-Werror", f"-D__TARGET_ARCH_{TARGET_ARCH[machine()]}"),
        *("-Ibpf", f"-I{include}", f"-ffile-prefix-map={root}=."),
        "-c",
    ]


def find_clang() -> str:
    """$CLANG, or the first clang on PATH that is new enough."""
    wanted = os.environ.get("CLANG")
    numbered = [f"clang-{number}" for number in range(NEWEST_CLANG, OLDEST_CLANG - 1, -1)]
    for name in [wanted] if wanted else ["clang", *numbered]:
        path = shutil.which(name)
        if path and clang_version(path) >= OLDEST_CLANG:
            return path
    looked = wanted or f"clang, clang-{OLDEST_CLANG} … clang-{NEWEST_CLANG}"
    raise BuildError(f"no clang {OLDEST_CLANG} or later found (looked for {looked}); {REMEDY}")


def clang_version(path: str) -> int:
    """The major version, 0 when it does not say."""
    said = subprocess.run([path, "--version"], capture_output=True, text=True, check=False).stdout
    match = re.search(r"clang version (\d+)", said)
    return int(match[1]) if match else 0


def explain(name: str, stderr: str) -> str:
    """clang's message, and the remedy when it is a missing header."""
    missing = re.search(r"'((?:bpf|linux|asm)/[\w./-]+)' file not found", stderr)
    if missing:
        return f"bpf/{name} needs <{missing[1]}>, which is not installed; {REMEDY}"
    return f"clang could not compile bpf/{name}:\n{stderr}"


def strip_debug(clang: str, target: Path) -> None:
    """Drop DWARF and keep BTF; without llvm-strip the object is only larger."""
    suffix = re.search(r"-\d+$", clang)
    beside = Path(clang).resolve().parent / "llvm-strip"
    tool = shutil.which(f"llvm-strip{suffix[0] if suffix else ''}") or shutil.which(beside)
    if tool:
        subprocess.run([tool, "-g", str(target)], check=True)


def check_layout(root: Path, objects: Path) -> None:
    """Compare the C structs with the numpy dtypes; needs numpy (build-system.requires)."""
    with importable(root / "src"):
        layout = importlib.import_module("synscope.probes.layout")
        layout.check(objects)


@contextmanager
def importable(source: Path) -> Iterator[None]:
    """Import synscope from the checkout that is being built, whatever else is installed."""
    held = {name: sys.modules.pop(name) for name in list(sys.modules) if name.split(".")[0] == "synscope"}
    sys.path.insert(0, str(source))
    try:
        yield
    finally:
        sys.path.remove(str(source))
        for name in [name for name in sys.modules if name.split(".")[0] == "synscope"]:
            del sys.modules[name]
        sys.modules.update(held)
