"""What this kernel and this user permit: each need tried for real, with the command that mends it."""

import os
from collections.abc import Iterator
from pathlib import Path
from typing import Literal

import msgspec
import numpy as np

from synscope.errors import SynscopeError
from synscope.kernel import cgroups
from synscope.kernel.btf import Btf
from synscope.kernel.capabilities import lacking
from synscope.kernel.symbols import Symbols
from synscope.probes import flavours
from synscope.probes.config import CONFIG
from synscope.probes.libbpf import Library, Object
from synscope.probes.loader import object_path
from synscope.probes.probe import Probe
from synscope.probes.registry import OBJECTS

Status = Literal["ok", "missing", "refused"]


class Check(msgspec.Struct, frozen=True):
    """One need: whether it is met, and what mends it.

    Attributes:
        name: what is needed; `detail`: what was found.
        remedy: the command that mends it, "" where there is none to give.
        needed: without it `run` cannot work.
    """

    name: str
    status: Status
    detail: str
    remedy: str = ""
    needed: bool = True


def checks() -> list[Check]:
    """Every need in the order in which it matters."""
    return [_privileges(), _btf(), _libbpf(), _cgroup(), _symbols(), *_hooks()]


def _privileges() -> Check:
    missing = lacking()
    if missing:
        return Check("privileges", "missing", ", ".join(missing), "sudo synscope …")
    return Check("privileges", "ok", "root" if os.geteuid() == 0 else "capabilities")


def _btf() -> Check:
    path = Path("/sys/kernel/btf/vmlinux")
    if path.exists():
        return Check("kernel type information", "ok", str(path))
    return Check(
        "kernel type information",
        "missing",
        f"{path} is not there: the kernel was built without CONFIG_DEBUG_INFO_BTF",
        "boot a distribution kernel",
    )


def _libbpf() -> Check:
    try:
        major, minor = Library.load().version
    except SynscopeError as error:
        return Check("libbpf.so.1", "missing", error.why, error.remedy)
    if (major, minor) < (1, 1):
        return Check(
            "libbpf.so.1", "missing", f"{major}.{minor} is older than 1.1", "apt-get install libbpf1"
        )
    return Check("libbpf.so.1", "ok", f"{major}.{minor}")


def _cgroup() -> Check:
    try:
        mount = cgroups.mount()
    except SynscopeError as error:
        return Check("cgroup v2", "missing", error.why, error.remedy)
    if not os.access(mount, os.W_OK):
        return Check("cgroup v2", "refused", f"{mount} cannot be written by this user", "sudo synscope …")
    return Check("cgroup v2", "ok", str(mount))


def _symbols() -> Check:
    symbols = Symbols.read()
    if symbols.available():
        return Check("kernel symbols", "ok", "/proc/kallsyms", needed=False)
    return Check(
        "kernel symbols", "refused", symbols.why(), "sudo sysctl kernel.kptr_restrict=1", needed=False
    )


def _hooks() -> Iterator[Check]:
    try:
        btf = Btf.kernel()
    except SynscopeError as error:
        yield Check("hooks", "missing", error.why, error.remedy)
        return
    for stem, probes in OBJECTS.items():
        for probe in probes:
            yield _hook(stem, probe, btf)
    yield _function_calls(btf)


def _function_calls(btf: Btf) -> Check:
    name = "--detail functions"
    try:
        flavour = flavours.available(btf)
    except SynscopeError as error:
        return Check(name, "refused", error.why, error.remedy, needed=False)
    return Check(name, "ok", flavour.name, needed=False)


def _hook(stem: str, probe: Probe, btf: Btf) -> Check:
    if probe.tracepoint and not btf.has_tracepoint(probe.tracepoint):
        return Check(probe.hook, "missing", "this kernel has no such tracepoint", needed=probe.needed)
    try:
        _try_to_load(stem, probe)
    except SynscopeError as error:
        return Check(probe.hook, "refused", error.why, error.remedy, needed=probe.needed)
    return Check(probe.hook, "ok", probe.tells, needed=probe.needed)


def _try_to_load(stem: str, probe: Probe) -> None:
    """Load one program alone, and unload it: nothing is attached."""
    obj = Object(object_path(stem))
    try:
        for program in obj.programs.values():
            program.autoload(program.name == probe.program)
        config = np.zeros(1, CONFIG)
        config["slots"] = 1
        obj.maps[".rodata.config"].initialise(config.tobytes())
        obj.load()
    finally:
        obj.close()
