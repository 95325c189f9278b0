"""How many halves per second become connections: numpy.frombuffer → latest → join, on one core.

    python benchmarks/decode.py [--halves 1000000] [--runs 5]

The halves are synthetic (this says so in its output): established connections from four
clients to one server, one in twenty without its peer, client ports
used again, one row in forty sent twice.
"""

import argparse
import multiprocessing
import os
import resource
import statistics
import tempfile
import time
from pathlib import Path

import numpy as np

from synscope.connections.join import join
from synscope.events.decode import latest
from synscope.events.trace import Rows
from synscope.events.wire import HALF, MILESTONE, Fate, Known, Side

TARGET = 500_000


def synthetic(count: int, seed: int = 1) -> bytes:
    """`count` rows of `wire.HALF` as bytes: client and server halves in the order of their ends."""
    random = np.random.default_rng(seed)
    connections = (count + 1) // 2
    rows = np.zeros(connections * 2, HALF)
    client, server = rows[:connections], rows[connections:]
    start = np.sort(random.integers(10**12, 10**12 + connections * 20_000, connections, dtype=np.uint64))
    _fill_ends(random, client, server)
    for half, side, times in ((client, Side.CLIENT, _CLIENT), (server, Side.SERVER, _SERVER)):
        half["side"], half["known"] = side, Known.ISN | Known.PEER_ISN
        half["pid"], half["comm"], half["attempt"] = 4711, np.void(b"worker".ljust(16, b"\0")), 1
        for name, after in times.items():
            half["t"][:, MILESTONE[name]] = start + np.uint64(after)
    client["fate"], server["fate"] = Fate.ESTABLISHED, Fate.ACCEPTED
    rows["cookie"] = np.arange(1, len(rows) + 1)
    order = np.argsort(np.concatenate([start + np.uint64(70_000), start + np.uint64(95_000)]), kind="stable")
    return _churned(random, rows[order])[:count].tobytes()


_CLIENT = {"socket": 0, "connect": 9_000, "syn_out": 20_000, "synack_in": 70_000, "established": 70_000}
_SERVER = {"request": 40_000, "synack_out": 45_000, "ack_in": 80_000, "queued": 82_000, "accepted": 95_000}


def _fill_ends(random: np.random.Generator, client: Rows, server: Rows) -> None:
    """Four clients of one server, 28,000 ephemeral ports: the same four-tuple comes again and again."""
    count = len(client)
    addresses = np.zeros((count, 2, 16), dtype=np.uint8)
    addresses[:, 0, 3] = random.integers(1, 5, count)
    addresses[:, 1, 3] = 200
    addresses[:, :, 0] = 10
    words = addresses.view("V16")[:, :, 0]
    client["local"], client["remote"] = words[:, 0], words[:, 1]
    server["local"], server["remote"] = words[:, 1], words[:, 0]
    client["lport"] = server["rport"] = random.integers(32768, 60999, count)
    client["rport"] = server["lport"] = 443
    client["isn"] = server["peer_isn"] = random.integers(0, 2**32, count)
    client["peer_isn"] = server["isn"] = random.integers(0, 2**32, count)
    client["family"] = server["family"] = 2
    client["netns"] = server["netns"] = 4026531840


def _churned(random: np.random.Generator, rows: Rows) -> Rows:
    """Take a few halves away and send as many rows again."""
    kept = np.sort(random.permutation(len(rows))[: len(rows) - len(rows) // 40])
    again = random.choice(kept, len(rows) - len(kept))
    return rows[np.concatenate([kept, again])]


def synthetic_elsewhere(count: int) -> bytes:
    """`synthetic(count)`, made in another process: making it must not count in this one's peak memory."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "halves"
        child = multiprocessing.get_context("fork").Process(target=lambda: path.write_bytes(synthetic(count)))
        child.start()
        child.join()
        return path.read_bytes()


def measure(data: bytes) -> tuple[float, int]:
    """Seconds of CPU time of one run, and how many pairs it made."""
    begin = time.process_time()
    pairs = join(latest(np.frombuffer(data, HALF)))
    elapsed = time.process_time() - begin
    return elapsed, int(((pairs.client_index >= 0) & (pairs.server_index >= 0)).sum())


def main() -> None:
    """Print the rates, the peak of memory and whether the target was met."""
    parser = argparse.ArgumentParser(description="halves decoded and joined per second")
    parser.add_argument("--halves", type=int, default=1_000_000)
    parser.add_argument("--runs", type=int, default=5)
    options = parser.parse_args()
    os.sched_setaffinity(0, {min(os.sched_getaffinity(0))})
    data = synthetic_elsewhere(options.halves)
    results = [measure(data) for _ in range(options.runs)]
    rates = sorted(options.halves / seconds for seconds, _ in results)
    median = statistics.median(rates)
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    print(f"decode and join, {options.halves:,} synthetic halves of {HALF.itemsize} bytes, one core")
    print(f"  best {rates[-1]:,.0f} halves/s, median {median:,.0f} of {options.runs} runs")
    print(
        f"  {results[0][1]:,} pairs; peak RSS {peak / 1024:,.0f} MiB, {len(data) / 2**20:,.0f} of it the rows"
    )
    print(f"  target {TARGET:,} halves/s: {'met' if median >= TARGET else 'not met'}")


if __name__ == "__main__":
    main()
