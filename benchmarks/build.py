"""How many connections per second are made out of a trace, in each detail, on one core.

    python benchmarks/build.py [--connections 5000] [--runs 5]

As root the trace is a real one, of the loopback churn; else its rows are synthetic. The output says which.
"""

import argparse
import os
import tempfile
import time
from pathlib import Path
from statistics import median
from typing import Literal, get_args

import churning
import handshakes
from synscope.connections.build import Connections, iter_connections
from synscope.events.trace import Trace
from synscope.probes.session import Options, Session

Detail = Literal["record", "path"]
TARGET: dict[str, int] = {"record": 5_000, "path": 2_000}


def recorded(detail: Detail, connections: int) -> Trace:
    """The trace of a churn in a network namespace and a cgroup of its own."""
    with tempfile.TemporaryDirectory() as scratch, churning.place() as place:
        churn = churning.build(Path(scratch))
        numbers = ["-n", str(connections), "-w", "0", "-g", str(place.cgroup)]
        with Session(Options(detail=detail, cgroup=place.cgroup), header_command=["churn"]) as session:
            churning.run(place.enter(str(churn), *numbers), session.poll)
            return session.finish(None)


def measure(trace: Trace) -> tuple[int, float]:
    """How many connections the trace has, and the seconds of CPU time that making them all took."""
    begin = time.process_time()
    count = sum(1 for _ in iter_connections(trace))
    return count, time.process_time() - begin


def measure_one(trace: Trace) -> float:
    """Seconds of CPU time until one from the middle of the trace is there, from nothing."""
    begin = time.process_time()
    made = Connections(trace)
    assert made[len(made) // 2].id
    return time.process_time() - begin


def report(detail: Detail, trace: Trace, kind: str, runs: int) -> None:
    """Print the rates of one detail and whether its target was met."""
    results = [measure(trace) for _ in range(runs)]
    rates = sorted(count / seconds for count, seconds in results)
    one = median(measure_one(trace) for _ in range(runs))
    rows = f"{len(trace.halves):,} halves, {len(trace.events):,} events, {len(trace.footer.stacks)} stacks"
    print(f"{detail} detail: {results[0][0]:,} connections of a {kind} trace ({rows}), one core")
    print(f"  best {rates[-1]:,.0f} connections/s, median {median(rates):,.0f} of {runs} runs")
    print(f"  one from the middle {one * 1000:,.1f} ms, the indexes included")
    met = median(rates) >= TARGET[detail]
    print(f"  target {TARGET[detail]:,} connections/s: {'met' if met else 'not met'}")


def main() -> None:
    """Take or make a trace of each detail and print what building it costs."""
    parser = argparse.ArgumentParser(description="connections made out of a trace, per second")
    parser.add_argument("--connections", type=int, default=5_000)
    parser.add_argument("--runs", type=int, default=5)
    options = parser.parse_args()
    take, kind = (recorded, "real") if os.geteuid() == 0 else (handshakes.synthetic, "synthetic")
    traces = {detail: take(detail, options.connections) for detail in get_args(Detail)}
    os.sched_setaffinity(0, {min(os.sched_getaffinity(0))})
    for detail, trace in traces.items():
        report(detail, trace, kind, options.runs)


if __name__ == "__main__":
    main()
