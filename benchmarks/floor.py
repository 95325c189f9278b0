"""The floor: the hooks of `record` detail with empty programs, attached as synscope attaches its own.

The programs are written from synscope's own registry, so that they are the same hooks by construction.
"""

import os
import subprocess
import sysconfig
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from synscope.kernel import cgroups
from synscope.kernel.btf import Btf
from synscope.probes import registry
from synscope.probes.libbpf import Link, Object
from synscope.probes.probe import Probe

HEADER = """// Written by benchmarks/floor.py: what a hook costs when its program does nothing.
#include <linux/bpf.h>
#include <bpf/bpf_helpers.h>
char _license[] SEC("license") = "GPL";
"""


def probes(btf: Btf) -> list[Probe]:
    """What `record` detail attaches on this kernel."""
    known = [probe for group in registry.probes_of("record").values() for probe in group]
    return [probe for probe in known if probe.tracepoint is None or btf.has_tracepoint(probe.tracepoint)]


def source(wanted: list[Probe]) -> str:
    """C with one empty program per probe; cgroup programs must return 1, "permitted"."""
    bodies = (
        f'SEC("{probe.hook}") int {probe.program}(void *ctx) {{ return {int(probe.tracepoint is None)}; }}\n'
        for probe in wanted
    )
    return HEADER + "".join(bodies)


def compile_empty(directory: Path) -> Path:
    """Compile the empty programs into `directory`."""
    code, target = directory / "floor.bpf.c", directory / "floor.bpf.o"
    code.write_text(source(probes(Btf.kernel())))
    include = f"-I/usr/include/{sysconfig.get_config_var('MULTIARCH')}"
    command = [
        "clang",
        "-target",
        "bpf",
        "-O2",
        "-g",
        "-mcpu=v3",
        include,
        "-c",
        str(code),
        "-o",
        str(target),
    ]
    subprocess.run(command, check=True)
    return target


@contextmanager
def attached(path: Path) -> Iterator[int]:
    """Load and attach every empty program, cgroup programs to the root as synscope does; their number."""
    floor = Object(path)
    links: list[Link] = []
    root = os.open(cgroups.mount(), os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        floor.load()
        links += [program.attach(root) for program in floor.programs.values()]
        yield len(links)
    finally:
        os.close(root)
        for link in links:
            link.detach()
        floor.close()
