"""From compiled objects to attached programs: shared maps, settings, what this kernel lacks."""

import os
from collections.abc import Callable, Iterable
from pathlib import Path

import numpy as np

from synscope.errors import Exit, SynscopeError
from synscope.events.trace import Hook
from synscope.kernel.btf import Btf
from synscope.probes.libbpf import Link, Map, Object, Program
from synscope.probes.probe import Probe

OBJECTS = Path(__file__).parent / "objects"


class Loader:
    """Opens objects in turn, lets them share their maps by name, loads and attaches them."""

    def __init__(self, config: np.void, sizes: dict[str, int]) -> None:
        """`config`: one `CONFIG` row; `sizes`: map name to number of entries."""
        self.maps: dict[str, Map] = {}
        self.hooks: list[Hook] = []
        self._config = config
        self._sizes = sizes
        self._objects: list[Object] = []
        self._links: list[Link] = []
        self._to_attach: list[tuple[Object, Probe]] = []

    def load(self, stem: str, probes: Iterable[Probe], btf: Btf) -> None:
        """Load the programs of one object that this kernel has the hooks for."""
        obj = Object(object_path(stem))
        self._objects.append(obj)
        wanted = {p.program: p for p in probes if self._is_there(p, btf)}
        for program in obj.programs.values():
            program.autoload(program.name in wanted)
        if not wanted:
            return
        self._prepare_maps(obj)
        obj.load()
        for name, shared in obj.maps.items():
            self.maps.setdefault(name, shared)
        self._to_attach.extend((obj, probe) for probe in wanted.values())

    def callable(self, stem: str) -> Program:
        """Load an object with one program, which is called instead of attached."""
        obj = Object(object_path(stem))
        self._objects.append(obj)
        self._prepare_maps(obj)
        obj.load()
        return next(iter(obj.programs.values()))

    def load_chosen(self, stem: str, choose: Callable[[Object], None]) -> Object:
        """Load an object whose programs and settings `choose` has set; the caller attaches them."""
        obj = Object(object_path(stem))
        self._objects.append(obj)
        choose(obj)
        self._prepare_maps(obj)
        obj.load()
        return obj

    def _is_there(self, probe: Probe, btf: Btf) -> bool:
        why = self._lacking(probe, btf)
        if not why:
            return True
        if probe.needed:
            raise SynscopeError(
                f"cannot trace without {probe.hook}", why, "synscope doctor", Exit.NOT_PERMITTED
            )
        self.hooks.append(Hook(probe.hook, attached=False, why=why))
        return False

    def _lacking(self, probe: Probe, btf: Btf) -> str:
        """What the probe needs and this kernel has not, or does not show; "" where nothing is missing."""
        if probe.tracepoint and not btf.has_tracepoint(probe.tracepoint):
            return "this kernel has no such tracepoint"
        unknown = [name for field, name in probe.functions.items() if not self._config[field]]
        return f"/proc/kallsyms gives no address of {' and '.join(unknown)}" if unknown else ""

    def _prepare_maps(self, obj: Object) -> None:
        for name, own in obj.maps.items():
            if name == ".rodata.config":
                own.initialise(self._config.tobytes())
            elif name in self.maps and not name.startswith("."):
                own.share(self.maps[name])
            elif name in self._sizes:
                own.resize(self._sizes[name])

    def attach(self, cgroup: Path) -> None:
        """Attach everything that was loaded; cgroup programs to `cgroup`."""
        fd = os.open(cgroup, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
        try:
            for obj, probe in self._to_attach:
                self._attach_one(obj, probe, fd)
        finally:
            os.close(fd)

    def _attach_one(self, obj: Object, probe: Probe, cgroup_fd: int) -> None:
        try:
            self._links.append(obj.programs[probe.program].attach(cgroup_fd))
        except SynscopeError as error:
            if probe.needed:
                raise
            self.hooks.append(Hook(probe.hook, attached=False, why=error.why))
        else:
            self.hooks.append(Hook(probe.hook, attached=True))

    def detach(self) -> None:
        """Detach every program; the maps stay readable."""
        while self._links:
            self._links.pop().detach()

    def close(self) -> None:
        """Detach and unload everything."""
        self.detach()
        while self._objects:
            self._objects.pop().close()


def object_path(stem: str) -> Path:
    """Where a compiled object lies. Raises SynscopeError where the build left none."""
    path = OBJECTS / f"{stem}.bpf.o"
    if not path.exists():
        raise SynscopeError(
            "the kernel half is not built", f"{path} is missing", "make setup", Exit.NOT_PERMITTED
        )
    return path
