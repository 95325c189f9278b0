"""How long one waits: for `synscope --help`, and from the start of `synscope run` to the last hook attached.

    .venv/bin/python benchmarks/startup.py [--runs N]

The second time is taken from the trace that `run` saves: its header's clock is read once every hook is
attached, and compared with the same clock just before the process was started.
"""

import argparse
import os
import platform
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from statistics import median

from synscope.capture.file import read

TARGET_HELP_MS = 200
TARGET_ATTACHED_MS = 500
COMMAND = [str(Path(sys.executable).with_name("synscope"))]


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--runs", type=int, default=10)
    runs = parser.parse_args().runs
    print(f"kernel {platform.release()} {platform.machine()}, {os.cpu_count()} CPUs; median of {runs} runs")
    report("synscope --help", [help_ms() for _ in range(runs)], TARGET_HELP_MS)
    if os.geteuid() != 0:
        sys.exit("startup: hooks need root. Try: sudo make bench")
    for detail in ("record", "path"):
        with tempfile.TemporaryDirectory() as scratch:
            times = [attached_ms(detail, Path(scratch, f"{number}.syn")) for number in range(runs)]
        report(f"hooks attached, {detail}", times, TARGET_ATTACHED_MS)


def help_ms() -> float:
    """Wall time of `synscope --help`, ms."""
    began = time.monotonic_ns()
    subprocess.run([*COMMAND, "--help"], check=True, stdout=subprocess.DEVNULL)
    return (time.monotonic_ns() - began) / 1e6


def attached_ms(detail: str, path: Path) -> float:
    """From the start of the process to the moment when all hooks are attached, ms."""
    began = time.monotonic_ns()
    command = [*COMMAND, "run", "--detail", detail, "-o", str(path), "--", "true"]
    subprocess.run(command, check=True, stderr=subprocess.DEVNULL)
    return (read(path).header.started_mono_ns - began) / 1e6


def report(what: str, times: list[float], target: int) -> None:
    """Median, range, and whether the target is met."""
    middle = median(times)
    verdict = "met" if middle <= target else "NOT MET"
    spread = f"[{min(times):.0f}..{max(times):.0f}]"
    print(f"{what:<24} {middle:>6.0f} ms {spread:<12} target {target} ms: {verdict}")


if __name__ == "__main__":
    main()
