"""One boot per kernel for all tests here, both at a time: what the guests left behind, to be judged."""

import json
import platform
import shlex
import subprocess
import sys
from collections.abc import Iterator
from contextlib import ExitStack
from functools import cached_property
from pathlib import Path
from typing import Any

import msgspec
import pytest

from support import guest
from support.pcap import Packet, packets
from support.require import NOT_ON_THIS_KERNEL, require
from synscope.capture.file import read
from synscope.connections.build import connections
from synscope.connections.model import Connection
from synscope.events.trace import Trace
from synscope.probes.doctor import Check
from synscope.probes.flavours import FLAVOURS
from vm import bundle
from vm.graph import FUNCTIONS

HERE = Path(__file__).parent
KERNELS = ("6.1", "6.12")
SCRIPT = """#!/bin/sh
set -e
[ -e /dev/vda ] || insmod /lib/modules/$(uname -r)/kernel/drivers/block/virtio_blk.ko*
mkdir /run/bundle
mount -t tmpfs bundle /run/bundle
tar -b 1024 -xf /dev/vda -C /run/bundle
{exports}
exec /run/bundle/bin/python /run/bundle/site/vm/inside.py {directory}
"""


class Part:
    """One workload's trace, and what its witnesses say.

    Attributes:
        series: the guest's kernel, `"6.1"`.
        detail: of the trace.
    """

    def __init__(self, series: str, directory: Path) -> None:
        self.series = series
        self._directory = directory

    @cached_property
    def trace(self) -> Trace:
        return read(self._directory / "trace.syn")

    @property
    def detail(self) -> str:
        return self.trace.header.detail

    @cached_property
    def connections(self) -> list[Connection]:
        return connections(self.trace)

    @cached_property
    def reports(self) -> list[dict[str, Any]]:
        """The processes' own, in the order of the attempts' ends."""
        return [json.loads(line) for line in (self._directory / "reports.json").read_text().splitlines()]

    @cached_property
    def packets(self) -> list[Packet]:
        """tcpdump's."""
        return packets(self._directory / "capture.pcap")

    @cached_property
    def graph(self) -> str:
        """function_graph's output, of the part `graph`."""
        return (self._directory / "graph.txt").read_text()


class Results:
    """What one guest left in the directory that it shared."""

    def __init__(self, series: str, directory: Path) -> None:
        self.series = series
        self._directory = directory
        self._parts = {path.parent.name: Part(series, path.parent) for path in directory.glob("*/trace.syn")}

    def part(self, name: str) -> Part:
        return self._parts[name]

    @property
    def flavours(self) -> list[str]:
        """The parts in functions detail: ways of hooking functions, the kernel's first one first."""
        return [flavour.name for flavour in FLAVOURS if flavour.name in self._parts]

    @cached_property
    def functions(self) -> frozenset[str]:
        """Every function of its kernel that has a symbol, from /proc/kallsyms."""
        return frozenset((self._directory / "functions_of_kernel.txt").read_text().splitlines())

    @cached_property
    def sockets(self) -> dict[str, Any]:
        """What support.socket_calls.in_a_guest found."""
        found: dict[str, Any] = json.loads((self._directory / "sockets.json").read_text())
        return found

    @cached_property
    def inspected(self) -> dict[str, Any]:
        """What support.inspected.in_a_guest found."""
        found: dict[str, Any] = json.loads((self._directory / "inspect.json").read_text())
        return found

    @cached_property
    def checks(self) -> list[Check]:
        """Doctor's."""
        return msgspec.json.decode((self._directory / "checks.json").read_bytes(), type=list[Check])


@pytest.fixture(scope="session")
def guests(tmp_path_factory: pytest.TempPathFactory) -> Iterator[dict[str, guest.Guest | guest.GuestError]]:
    """The guests, booting; or why there is none."""
    require(platform.machine() == "x86_64", f"{NOT_ON_THIS_KERNEL} Debian's kernels here are for x86_64")
    require(not guest.missing(), f"missing: {', '.join(guest.missing())}. Try: make test")
    directory = tmp_path_factory.mktemp("guests")
    disk = packed(directory / "bundle.tar")
    with ExitStack() as stack:
        yield {series: boot(stack, series, directory / series, disk) for series in KERNELS}
    disk.unlink()


def packed(tar: Path) -> Path:
    """The disk with all that the guest runs, made by an interpreter that has imported nothing else."""
    synscope = bundle.CHECKOUT / "src/synscope"
    files = [
        HERE / "inside.py",
        HERE / "workload.py",
        synscope / "probes/objects",
        synscope / "tcp/functions.toml",
        synscope / "tcp/operation_sources.toml",
    ]
    environ = {"PYTHONPATH": f"{bundle.CHECKOUT}/src:{bundle.CHECKOUT}/tests"}
    command = [sys.executable, bundle.__file__, str(tar), *map(str, files)]
    subprocess.run(command, env=environ, check=True)
    return tar


def boot(stack: ExitStack, series: str, directory: Path, disk: Path) -> guest.Guest | guest.GuestError:
    """Start one; it ends with `stack`."""
    try:
        vmlinuz = guest.kernel(series)
    except guest.GuestError as error:
        return error
    directory.mkdir()
    (directory / "functions.txt").write_text("\n".join(FUNCTIONS))
    exports = "\n".join(
        f"export {name}={shlex.quote(value)}" for name, value in bundle.environment("/run/bundle").items()
    )
    script = directory / "script"
    script.write_text(SCRIPT.format(exports=exports, directory=shlex.quote(str(directory))))
    script.chmod(0o755)
    return stack.enter_context(guest.started(vmlinuz, script, directory, disk))


@pytest.fixture(scope="session", params=KERNELS)
def results(request: pytest.FixtureRequest, guests: dict[str, guest.Guest | guest.GuestError]) -> Results:
    """What the guest of one kernel left behind, once it has powered off."""
    found = guests[request.param]
    if isinstance(found, guest.GuestError):
        pytest.skip(f"no kernel {request.param}: {found}")
    found.wait()
    if not (found.directory / "finished.json").exists():
        error = found.directory / "error.txt"
        raise guest.GuestError(error.read_text() if error.exists() else found.console())
    return Results(request.param, found.directory)


@pytest.fixture(scope="session", params=["path", "record"])
def part(request: pytest.FixtureRequest, results: Results) -> Part:
    """Every kind of attempt, in one detail."""
    return results.part(request.param)
