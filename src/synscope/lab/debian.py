"""Kernels from Debian's packages, the small ones for clouds: fetched by apt, unpacked, never installed."""

import hashlib
import re
import shutil
import subprocess
import tarfile
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import IO

import msgspec

from synscope.errors import Exit, SynscopeError
from synscope.lab import cache, kernels
from synscope.lab.kernels import SERIES, Kernel

Progress = Callable[[int, int], object]
"""Called now and then with the bytes that there are and that there will be."""

_PACKAGE = re.compile(r"linux-image-(?P<release>(?P<series>\d+\.\d+)\.[\w.+~-]*-cloud-amd64)")
_EVERY_S = 0.1
_VMLINUZ = "/boot/vmlinuz-"
_APT = ["apt-get", "download", "-qq", "-o", "APT::Sandbox::User=root"]  # else root is told of a sandbox


class Package(msgspec.Struct, frozen=True):
    """One that apt can give: `size` in bytes."""

    name: str
    release: str
    size: int


def newest(*series: str) -> dict[str, Package]:
    """By series (`"6.12"`) the newest kernel that apt's lists know; none where there is no apt.

    apt-cache takes half a second, more where it must read its lists anew: it is asked twice for all.
    """
    names = _said("apt-cache", "pkgnames", "linux-image-")
    found = sorted((m for name in names if (m := _PACKAGE.fullmatch(name))), key=_order)
    best = {m["series"]: m for m in found if m["series"] in series}
    sizes = _sizes([m[0] for m in best.values()]) if best else {}
    return {s: Package(m[0], m["release"], sizes.get(m[0], 0)) for s, m in best.items()}


def fetch(series: str, progress: Progress) -> Kernel:
    """Download and unpack the newest of a series, into the cache; nothing to do where it is there.

    Raises:
        SynscopeError: apt does not know it or cannot get it; the disk is full.
    """
    known = newest(*SERIES, series)
    if series not in known:
        raise _unknown(series, bool(known))
    package = known[series]
    directory = kernels.directory() / package.release
    if not directory.is_dir():
        with cache.new_directory(directory) as work:
            deb = download(package, work, progress)
            _unpack(deb, work)
            deb.unlink()
    return kernels.of_file(directory / "vmlinuz")


def is_known(release: str) -> bool:
    """Whether a kernel of this release is one of these packages' (`"6.1.0-56-cloud-amd64"`)."""
    return _PACKAGE.fullmatch(f"linux-image-{release}") is not None


def package(release: str) -> Package:
    """The one with the kernel of a release that `is_known`; `size` is 0 where apt does not know it."""
    name = f"linux-image-{release}"
    return Package(name, release, _sizes([name]).get(name, 0))


def _order(found: re.Match[str]) -> list[int]:
    return kernels.order(found["release"])


def _sizes(names: list[str]) -> dict[str, int]:
    """Of their downloads, in bytes."""
    fields = [line.partition(": ") for line in _said("apt-cache", "show", "--no-all-versions", *names)]
    packages = [value for name, _, value in fields if name == "Package"]
    return dict(zip(packages, (int(value) for name, _, value in fields if name == "Size"), strict=False))


def of_file(deb: Path) -> Kernel:
    """The kernel of a package that the user has, unpacked once.

    Raises:
        SynscopeError: it is no package with a kernel for x86-64.
    """
    try:
        with deb.open("rb") as file:
            directory = cache.root() / "given" / hashlib.file_digest(file, "sha256").hexdigest()[:16]
    except OSError as error:
        raise SynscopeError(f"cannot read {deb}", error.strerror or str(error), "", Exit.USAGE) from error
    if not directory.is_dir():
        with cache.new_directory(directory) as work:
            _unpack(deb, work)
            kernels.of_file(work / "vmlinuz")
    return kernels.of_file(directory / "vmlinuz")


def _unpack(deb: Path, directory: Path) -> None:
    """Put the package's vmlinuz into `directory`: of its modules nothing is needed."""
    what = f"cannot unpack {deb.name}"
    if shutil.which("dpkg-deb") is None:
        raise SynscopeError(what, "there is no dpkg-deb", "--kernel VMLINUZ")
    command = ["dpkg-deb", "--fsys-tarfile", str(deb)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE) as process:
        assert process.stdout and process.stderr
        try:
            found = _extracted(process.stdout, directory / "vmlinuz")
        except tarfile.ReadError as error:
            said = process.stderr.read().decode(errors="replace").strip() or str(error)
            raise SynscopeError(what, said, "", Exit.USAGE) from error
        finally:
            process.kill()
    if not found:
        raise SynscopeError(what, "there is no /boot/vmlinuz in it", "synscope lab kernels", Exit.USAGE)


def _extracted(stream: IO[bytes], target: Path) -> bool:
    with tarfile.open(fileobj=stream, mode="r|") as archive:
        for member in archive:
            if _VMLINUZ in member.name and (content := archive.extractfile(member)):
                with target.open("wb") as file:
                    shutil.copyfileobj(content, file)
                return True
    return False


def download(package: Package, directory: Path, progress: Progress) -> Path:
    """The package's file, in `directory`. Raises SynscopeError where apt cannot get it."""
    process = subprocess.Popen(
        [*_APT, package.name], cwd=directory, stdout=subprocess.PIPE, stderr=subprocess.STDOUT
    )
    try:
        while process.poll() is None:
            progress(_size_of(directory), package.size)
            with suppress(subprocess.TimeoutExpired):
                process.wait(_EVERY_S)
    finally:
        process.kill()
    said, _ = process.communicate()
    if process.returncode:
        lines = said.decode(errors="replace").strip().splitlines() or ["it does not say why"]
        raise SynscopeError(f"apt-get cannot download {package.name}", lines[-1], "sudo apt-get update")
    return next(directory.glob("*.deb"))


def _size_of(directory: Path) -> int:
    """Of what has come as yet."""
    with suppress(FileNotFoundError):  # renamed meanwhile
        return sum(path.stat().st_size for path in directory.iterdir())
    return 0


def _said(*command: str) -> list[str]:
    """The lines that a command writes; none where it is not there."""
    try:
        return subprocess.run(command, capture_output=True, text=True, check=False).stdout.splitlines()
    except FileNotFoundError:
        return []


def _unknown(series: str, others: bool) -> SynscopeError:
    """`others`: apt's lists are not empty, they lack this one."""
    what = f"no kernel {series}"
    if shutil.which("apt-get") is None:
        why = "it would come from Debian's packages, and there is no apt-get here"
        return SynscopeError(what, why, "--kernel FILE, a .deb or a vmlinuz of x86-64")
    why = f"apt knows no linux-image-{series}.*-cloud-amd64"
    if others and series not in SERIES:
        return SynscopeError(what, why, "synscope lab kernels")
    if others:
        source = "deb http://deb.debian.org/debian bookworm-backports main"
        listing = "/etc/apt/sources.list.d/bookworm-backports.list"
        return SynscopeError(what, why, f"echo '{source}' | sudo tee {listing} && sudo apt-get update")
    return SynscopeError(what, why, "sudo apt-get update")
