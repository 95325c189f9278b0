"""How long `synscope lab` takes: the first time on a kernel (without its download), and later.

    .venv/bin/python benchmarks/lab.py [--runs N] [--kernel SERIES]

The first time is measured in a cache of its own that has the kernel and nothing else, and is gone afterwards.
"""

import argparse
import os
import platform
import shutil
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from statistics import median

from synscope.errors import SynscopeError
from synscope.lab import debian, kernels, qemu

TARGET_FIRST_S = 15
TARGET_LATER_S = 2
COMMAND = [str(Path(sys.executable).with_name("synscope")), "lab", "--kernel"]


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--runs", type=int, default=10)
    parser.add_argument("--kernel", action="append", metavar="SERIES", help="default: 6.1 and 6.12")
    words = parser.parse_args()
    try:
        qemu.path()
        found = [debian.fetch(series, lambda done, total: None) for series in words.kernel or ("6.1", "6.12")]
    except SynscopeError as error:
        sys.exit(f"lab: {error}")
    print(
        f"host {platform.release()} {platform.machine()}, {os.cpu_count()} CPUs; median of {words.runs} runs"
    )
    for kernel in found:
        measure(kernel, words.runs)


def measure(kernel: kernels.Kernel, runs: int) -> None:
    """One kernel's first run and later ones."""
    with tempfile.TemporaryDirectory() as scratch:
        place = Path(scratch, "synscope/lab/kernels", kernel.release)
        place.mkdir(parents=True)
        shutil.copy(kernel.vmlinuz, place)
        report(f"{kernel.release}, first", [seconds(kernel.release, scratch)], TARGET_FIRST_S)
        report(
            f"{kernel.release}, later",
            [seconds(kernel.release, scratch) for _ in range(runs)],
            TARGET_LATER_S,
        )


def seconds(release: str, cache: str) -> float:
    """Wall time of the default experiment, from the start of the process to its end."""
    began = time.monotonic()
    environ = os.environ | {"XDG_CACHE_HOME": cache}
    subprocess.run([*COMMAND, release], check=True, env=environ, capture_output=True)
    return time.monotonic() - began


def report(what: str, times: list[float], target: int) -> None:
    """Median, range, and whether the target is met."""
    middle = median(times)
    verdict = "met" if middle <= target else "NOT MET"
    spread = f"[{min(times):.1f}..{max(times):.1f}]"
    print(f"{what:<34} {middle:>5.1f} s {spread:<12} target {target} s: {verdict}")


if __name__ == "__main__":
    main()
