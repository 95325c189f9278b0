"""A guest that has booted and waits for its order, kept in a file: booted once, restored in a moment."""

import hashlib
import os
from collections.abc import Callable, Sequence
from contextlib import suppress
from pathlib import Path

from synscope.errors import SynscopeError
from synscope.lab import cache, image, initramfs, qemu, ranges
from synscope.lab.kernels import Kernel
from synscope.lab.machine import GuestError, Machine, Saved
from synscope.lab.memory import MemoryFile
from synscope.lab.messages import Ready
from synscope.lab.ram import Ram

BOOT_S = 300.0
"""Seconds of wall time within which a guest must be ready."""
KEPT = 2
"""Snapshots of one kernel: of two checkouts, or of a synscope and the one before it."""

_FORMAT = 3  # of the directory
_APPEND = (
    "console=ttyS0 panic=-1 nokaslr nolapic_timer cryptomgr.notests "
    "initcall_blacklist=jent_mod_init,crypto_kdf108_init,load_system_certificate_list"
)
"""The kernel's: a panic ends QEMU; addresses are System.map's; no tests of ciphers, no certificates.
The APIC's timer would be measured, 0.1 s of asking the clock in a loop: half a second here."""


class Snapshot:
    """One that is in the cache; good for as long as this object lives, even where it is removed there.

    Attributes:
        dfilter: `ranges.filter_ranges` of the kernel's symbols, in QEMU's words.
        memory: as it was when the guest was ready.
    """

    def __init__(self, directory: Path) -> None:
        """Raises FileNotFoundError where there is none."""
        self._devices = (directory / "devices").open("rb")
        self._ram = (directory / "ram").open("rb")
        self.memory = Ram(self._ram.fileno())
        self._kallsyms = (directory / "kallsyms").read_bytes()
        self._btf = (directory / "btf").read_bytes()
        self.dfilter = (directory / "dfilter").read_text()
        os.utime(directory)

    @property
    def saved(self) -> Saved:
        """The machine, under names that processes of this user can open."""
        own = Path(f"/proc/{os.getpid()}/fd")
        return Saved(own / str(self._devices.fileno()), own / str(self._ram.fileno()))

    def kallsyms(self) -> bytes:
        """What the kernel's /proc/kallsyms held."""
        return self._kallsyms

    def btf(self) -> bytes:
        """The kernel's types."""
        return self._btf


def of(kernel: Kernel, booting: Callable[[], object], stage: Sequence[image.Source] = ()) -> Snapshot:
    """The snapshot of `kernel` with this synscope in it; made if need be, after a call of `booting`.

    `stage`: of a guest that plays scenarios, what it has beside (`stage_image.sources`).

    Raises:
        SynscopeError: QEMU is not there, the guest does not get ready, or the disk is full.
    """
    sources = [*image.sources(), *stage]
    name = cache.stage_of(kernel.release) if stage else kernel.release
    directory = cache.root() / "snapshots" / f"{name}-{_key(kernel, sources)}"
    with suppress(FileNotFoundError):
        return Snapshot(directory)
    booting()
    _make(directory, kernel, sources)
    made = Snapshot(directory)
    cache.prune(cache.snapshots(name), KEPT)
    return made


def _key(kernel: Kernel, sources: list[image.Source]) -> str:
    others = [image.Source("qemu", Path(qemu.path())), image.Source("ranges", Path(ranges.__file__))]
    said = (_FORMAT, kernel.digest(), image.digest([*sources, *others]), _APPEND, qemu.SHAPE, qemu.RAM)
    return hashlib.sha256(repr(said).encode()).hexdigest()[: cache.KEY]


def _make(directory: Path, kernel: Kernel, sources: list[image.Source]) -> None:
    with cache.new_directory(directory) as work, MemoryFile("initrd") as initrd:
        with initrd.path.open("wb") as stream:
            initramfs.write(stream, sources)
        environment = (f"{name}={value}" for name, value in initramfs.ENVIRONMENT.items())
        words = ["-kernel", str(kernel.vmlinuz), "-initrd", str(initrd.path)]
        words += ["-append", " ".join([_APPEND, *environment])]
        with Machine(words, inherited=(initrd.descriptor,)) as machine:
            machine.go_on()
            ready = _ready(machine, kernel.release)
            machine.save(Saved(work / "devices", work / "ram"))
        from synscope.kernel.symbols import Symbols  # noqa: PLC0415 (with numpy)

        (work / "kallsyms").write_bytes(ready.kallsyms)
        (work / "btf").write_bytes(ready.btf)
        (work / "dfilter").write_text(ranges.dfilter(ranges.filter_ranges(Symbols(ready.kallsyms))))


def _ready(machine: Machine, release: str) -> Ready:
    try:
        return machine.message(BOOT_S, Ready)
    except GuestError as error:
        what = f"{release} cannot be used in the lab"
        why = f"{error.what}: {error.why}"
        raise GuestError(SynscopeError(what, why, "synscope lab kernels"), error.console) from error
