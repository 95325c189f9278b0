"""What tracing costs: loopback churn with and without each tracer, in alternated pairs, in one run.

    make bench            or: .venv/bin/python benchmarks/overhead.py [--quick] [--pairs N] [--only WORD]

A pair is two windows of one churn, without and with the tracer, in an order that alternates; rounds of
all tracers follow each other, so that a slow drift of the machine meets all alike. Tracers that start
the churn themselves (perf trace, strace) get two runs instead. Quoted are ratios within pairs; the
absolute times are this machine's.
"""

import argparse
import os
import platform
import shutil
import sys
import tempfile
from dataclasses import dataclass, field
from pathlib import Path
from statistics import median

import churning
import tracers
import windows

TARGET_LOSS = 0.07
TARGET_ADDED_US = 2.5
TARGET_FLOOR = 1.5
FEWEST = 500


@dataclass
class Result:
    """The pairs of one tracer: ns per connection without and with it, and what it lost."""

    connections: int = 0
    without: list[float] = field(default_factory=list)
    with_it: list[float] = field(default_factory=list)
    lost: int = 0

    @property
    def ratios(self) -> list[float]:
        """Throughput with the tracer over throughput without, pair by pair."""
        return [base / traced for base, traced in zip(self.without, self.with_it, strict=True)]

    @property
    def loss(self) -> float:
        """The share of throughput that is gone, of the median pair."""
        return 1 - median(self.ratios)

    @property
    def added_us(self) -> float:
        """µs that the tracer adds to a connection, of the median pair."""
        return median((traced - base) / 1000 for base, traced in zip(self.without, self.with_it, strict=True))


def main() -> None:
    """Measure, print the table, print the targets."""
    options = parse()
    chosen = [tracer for tracer in tracers.ALL if any(word in tracer.name for word in options.only)]
    check(chosen)
    os.sched_setaffinity(0, {churning.DRAIN_CPU})
    results = {t.name: Result(max(FEWEST, round(options.connections * t.share))) for t in chosen}
    with tempfile.TemporaryDirectory(prefix="synscope-bench-") as scratch:
        churn = churning.build(Path(scratch))
        add_windows([t for t in chosen if not t.wraps], results, options, churn)
        for number in range(options.pairs):
            for tracer in (t for t in chosen if t.wraps):
                add_pair(tracer, results[tracer.name], number, churn, options.null_address)
    print(environment(options))
    print_table(results)
    if options.quick:
        print("a smoke test: too short to hold against the targets")
    else:
        print_targets(results)


def add_windows(
    chosen: list[tracers.Tracer], results: dict[str, Result], options: argparse.Namespace, churn: Path
) -> None:
    """Pairs of windows in one churn, for the tracers that can come and go."""
    if not chosen:
        return
    pairs = windows.measure(chosen, options.pairs, options.seconds, churn, options.null_address)
    for tracer, without, with_it, lost in pairs:
        result = results[tracer.name]
        result.without.append(without)
        result.with_it.append(with_it)
        result.lost += lost


def parse() -> argparse.Namespace:
    """The command line."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--pairs", type=int, default=12, help="pairs per tracer (12)")
    parser.add_argument("--seconds", type=float, default=0.5, help="a window's length (0.5)")
    parser.add_argument(
        "--connections",
        type=int,
        default=20_000,
        help="per run of perf trace, strace (20000)",
    )
    parser.add_argument("--only", action="append", metavar="WORD", help="tracers whose name holds WORD")
    parser.add_argument("--null-address", action="store_true", help="the churn passes accept4() no address")
    parser.add_argument("--quick", action="store_true", help="2 short pairs: a smoke test")
    options = parser.parse_args()
    options.only = options.only or [""]
    if options.quick:
        options.pairs, options.connections, options.seconds = 2, 2000, 0.2
    return options


def check(chosen: list[tracers.Tracer]) -> None:
    """Say at once what is missing."""
    if os.geteuid() != 0:
        sys.exit("overhead: needs root, to load BPF programs and to make namespaces. Try: sudo make bench")
    if (os.cpu_count() or 1) <= churning.CHURN_CPU:
        sys.exit("overhead: needs two CPUs, one for the churn and one for the tracer")
    first = {"tcpdump": "tcpdump", "bpftrace": "bpftrace", "perf": "perf", "strace": "strace"}
    words = [tracer.name.split()[0].rstrip(",") for tracer in chosen]
    missing = [first[word] for word in words if word in first and not shutil.which(word)]
    if missing:
        sys.exit(f"overhead: {', '.join(sorted(set(missing)))} not found. Try: make bench-packages")


def add_pair(tracer: tracers.Tracer, result: Result, number: int, churn: Path, null_address: bool) -> None:
    """One pair; even ones begin without the tracer, odd ones with it."""
    for traced in (False, True) if number % 2 == 0 else (True, False):
        ns, lost = one_run(tracer if traced else tracers.ALL[0], result.connections, churn, null_address)
        (result.with_it if traced else result.without).append(ns)
        result.lost += lost
    show_progress(tracer.name, number, result.ratios[-1])


def one_run(tracer: tracers.Tracer, connections: int, churn: Path, null_address: bool) -> tuple[float, int]:
    """(ns per connection, records lost) of one run in a fresh place."""
    with (
        tempfile.TemporaryDirectory(dir=churn.parent) as scratch,
        churning.place() as place,
    ):
        words = [str(churn), "-n", str(connections), "-w", str(churning.WARMUP)]
        words += ["-c", str(churning.CHURN_CPU), "-g", str(place.cgroup), *(["-0"] if null_address else [])]
        with tracer.around(place, Path(scratch), connections) as watch:
            ns = churning.run([*watch.prefix, *place.enter(*words)], watch.pump)
        return ns, watch.lost


def show_progress(name: str, number: int, ratio: float) -> None:
    """One line on stderr."""
    print(f"  pair {number + 1}  {name:<22} {ratio:.3f}", file=sys.stderr)


def environment(options: argparse.Namespace) -> str:
    """Where the figures come from."""
    address = "NULL" if options.null_address else "given"
    return (
        f"kernel {platform.release()} {platform.machine()}, {os.cpu_count()} CPUs; {options.pairs} pairs of "
        f"windows of {options.seconds} s; accept4() address {address}"
    )


def print_table(results: dict[str, Result]) -> None:
    """One line per tracer."""
    print(f"{'tracer':<22} {'throughput, median [min..max]':>30} {'loss':>7} {'added µs':>9} {'lost':>8}")
    for name, result in results.items():
        ratios = result.ratios
        spread = f"{median(ratios):.3f} [{min(ratios):.3f}..{max(ratios):.3f}]"
        print(f"{name:<22} {spread:>30} {result.loss:>7.1%} {result.added_us:>9.2f} {result.lost:>8}")


def print_targets(results: dict[str, Result]) -> None:
    """The targets of `record` detail, and whether they are met."""
    own, floor = results.get("synscope record"), results.get("floor: empty programs")
    if own is None:
        return
    verdict("loss", own.loss <= TARGET_LOSS, f"{own.loss:.1%}, at most {TARGET_LOSS:.0%}")
    verdict("added", own.added_us <= TARGET_ADDED_US, f"{own.added_us:.2f} µs, at most {TARGET_ADDED_US} µs")
    verdict("records lost", own.lost == 0, f"{own.lost}, none")
    if floor is not None:
        times = own.added_us / floor.added_us if floor.added_us > 0 else float("inf")
        verdict("over the floor", times <= TARGET_FLOOR, f"{times:.2f}×, at most {TARGET_FLOOR}×")


def verdict(what: str, met: bool, figures: str) -> None:
    """One target."""
    print(f"target {what:<15} {'met' if met else 'NOT MET':<8} {figures}")


if __name__ == "__main__":
    main()
