"""What the lab has and what it could have."""

from pathlib import Path

import msgspec

from synscope.lab import cache, debian, kernels
from synscope.lab.kernels import SERIES


class Item(msgspec.Struct, frozen=True):
    """A kernel, with sizes in bytes: of what the cache holds of it, and of its download where it holds none.

    Attributes:
        series: as `lab fetch` takes it.
        snapshots: part of the cache's, 0 where it has not been booted.
    """

    release: str
    series: str
    cached: int = 0
    snapshots: int = 0
    download: int = 0


def stock() -> list[Item]:
    """Those in the cache, then the newest of each series that apt can give, where it is not in the cache."""
    here = [
        Item(
            kernel.release,
            series_of(kernel.release),
            kernel.vmlinuz.stat().st_size,
            _snapshots(kernel.release),
        )
        for kernel in kernels.cached()
    ]
    known = {item.release for item in here}
    there = [
        Item(package.release, series, download=package.size)
        for series, package in sorted(debian.newest(*SERIES).items())
        if package.release not in known
    ]
    return [*here, *there]


def series_of(release: str) -> str:
    return ".".join(release.split(".")[:2])


def _snapshots(release: str) -> int:
    found = [*cache.snapshots(release), *cache.snapshots(cache.stage_of(release))]
    return sum(file.stat().st_blocks * 512 for directory in found for file in Path(directory).iterdir())
