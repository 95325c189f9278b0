"""Pairs of windows in one churn that never stops: without and with a tracer, a second or less apart.

Two runs of a program differ by more than a good tracer costs: where its memory came to lie, what else
the host did meanwhile. Two windows of one run differ by the tracer alone.
"""

import subprocess
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from statistics import median

import churning
from churning import CHURN_CPU, DRAIN_EVERY_MS, Place
from tracers import Tracer, Watch

BLOCK = 200
"""Connections between two looks at the clock."""
ENDLESS = 10**9
Pair = tuple[Tracer, float, float, int]
Window = tuple[int, int]


def measure(
    tracers: list[Tracer], rounds: int, seconds: float, churn: Path, null_address: bool
) -> list[Pair]:
    """`(tracer, ns per connection without, with, records lost)`, `rounds` times for each tracer."""
    scratch = churn.parent
    blocks = scratch / "blocks"
    taken: list[tuple[Tracer, Window, Window, int]] = []
    with churning.place() as place, running(churn, place, blocks, null_address):
        for number in range(rounds):
            for tracer in tracers:
                taken.append((tracer, *one_pair(tracer, number, seconds, place, scratch)))
    began_ended = read(blocks)
    return [
        (tracer, inside(began_ended, bare), inside(began_ended, traced), lost)
        for tracer, bare, traced, lost in taken
    ]


@contextmanager
def running(churn: Path, place: Place, blocks: Path, null_address: bool) -> Iterator[None]:
    """The churn, until the block ends; TIME_WAIT is kept small, so that the first window is like the last."""
    setting = place.enter("sysctl", "-q", "net.ipv4.tcp_max_tw_buckets=1000")
    subprocess.run(setting, check=True)
    words = [str(churn), "-n", str(ENDLESS), "-b", str(BLOCK), "-c", str(CHURN_CPU), "-g", str(place.cgroup)]
    words += ["-0"] if null_address else []
    with blocks.open("wb") as out, subprocess.Popen(place.enter(*words), stdout=out) as process:
        try:
            pump(lambda: None, 1.0)
            yield
            if process.poll() is not None:
                raise SystemExit(f"overhead: the churn ended early, with status {process.returncode}")
        finally:
            process.terminate()


def one_pair(
    tracer: Tracer, number: int, seconds: float, place: Place, scratch: Path
) -> tuple[Window, Window, int]:
    """Even pairs begin without the tracer, odd ones with it."""
    bare = pump(lambda: None, seconds) if number % 2 == 0 else None
    with tracer.around(place, scratch, 0) as watch:
        traced = pump(watch.pump, seconds)
    bare = bare or pump(Watch().pump, seconds)
    return bare, traced, watch.lost


def pump(call: Callable[[], object], seconds: float) -> Window:
    """Call `call` every 20 ms for so long; when it began and ended, ns of CLOCK_MONOTONIC."""
    began = time.monotonic_ns()
    while time.monotonic_ns() - began < seconds * 1e9:
        time.sleep(DRAIN_EVERY_MS / 1000)
        call()
    return began, time.monotonic_ns()


def read(blocks: Path) -> list[Window]:
    """What the churn printed; its last line may be cut off."""
    lines = blocks.read_text().split("\n")[:-1]
    return [(int(line.split()[1]), int(line.split()[2])) for line in lines if line.startswith("block")]


def inside(blocks: list[Window], window: Window) -> float:
    """ns per connection: the median of the blocks that lie whole in a window."""
    took = [ended - began for began, ended in blocks if began >= window[0] and ended <= window[1]]
    if not took:
        raise SystemExit("overhead: the churn made no progress in a window; use a longer one (--seconds)")
    return median(took) / BLOCK
