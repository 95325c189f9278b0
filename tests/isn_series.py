"""Simulated peers: what is seen of a generator by a client that connects again and again.

Time passes here as it does live: uneven gaps, a pause in the middle, every other connection on one 4-tuple,
and each number seen some time after it was chosen.
"""

import random
from collections.abc import Callable
from typing import Any

import rows
from synscope.events.trace import Trace
from synscope.tcp.isn import generators
from synscope.tcp.isn.samples import Samples, samples

GENERATORS = (
    "constant",
    "rfc793",
    "bsd44",
    "small-increment",
    "rfc6528",
    "linux",
    "random",
    "syn-cookies",
)


class Peer:
    """A host with all the state that the generators keep."""

    def __init__(self, seed: int) -> None:
        self.random = random.Random(seed)
        self.key = self.random.randbytes(16)
        self.fixed = self.random.randrange(1 << 32)
        self.counter = self.random.randrange(1 << 32)
        self.connections = self.random.randrange(1000)

    def isn(self, name: str, now: int, flow: bytes, client_isn: int) -> int:
        self.connections += 1
        self.counter = generators.small_increment(self.counter, self.random.randint(1, 64))
        made: dict[str, Callable[[], int]] = {
            "constant": lambda: self.fixed,
            "rfc793": lambda: generators.rfc793(now),
            "bsd44": lambda: generators.bsd44(now, self.connections),
            "small-increment": lambda: self.counter,
            "rfc6528": lambda: generators.rfc6528(now, flow, self.key),
            "linux": lambda: generators.rfc6528(now, flow, self.key, generators.LINUX_TICK_NS),
            "random": lambda: self.random.randrange(1 << 32),
            "syn-cookies": lambda: generators.syn_cookie(now, flow, self.key, client_isn),
        }
        return made[name]()


def series(
    name: str, seed: int = 0, count: int = 200, *, latency_ns: int = 5_000, rate: float = 50.0, again: int = 2
) -> Samples:
    """`count` numbers; every `again`-th has the same 4-tuple, 0: none twice."""
    peer, chance = Peer(seed), random.Random(~seed)
    now, seen = chance.randrange(10**15), []
    for number in range(count):
        now += int(chance.uniform(0.5, 1.5) / rate * 1e9) + (10**9 if number == count // 2 else 0)
        flow = 0 if again and number % again == 0 else number + 1
        packed = flow.to_bytes(12, "big")
        client_isn = generators.rfc6528(
            now - chance.randrange(10_000, 20_000), packed, b"client", generators.LINUX_TICK_NS
        )
        isn = peer.isn(name, now, packed, client_isn)
        now += int(chance.expovariate(1 / latency_ns))
        seen.append((now, isn, flow, client_isn))
    return samples(*zip(*seen, strict=True))


def trace_of(found: Samples, *, server: bool = False, window: int = 65483, **fields: Any) -> Trace:
    """The trace of a client that made these connections to 127.0.0.1:8080, and of the `server` if wanted."""
    halves = []
    for number, (t, isn, flow, client_isn, _, _) in enumerate(
        zip(*(one.tolist() for one in found), strict=True)
    ):
        port = 20_000 + flow
        ports = {"lport": port, "isn": client_isn, "peer_isn": isn, "cookie": 2 * number + 10, "t0": t}
        header = rows.tcp_header(8080, port, isn, client_isn + 1, 0x12, window)
        times = {"connect": -40_000, "syn_out": -30_000, "synack_in": 0, "established": 0}
        halves.append(rows.client_row(**ports | {"t": times, "header": header} | fields))
        if server:
            mirrored = {"rport": port, "isn": isn, "peer_isn": client_isn, "cookie": 2 * number + 11, "t0": t}
            halves.append(rows.server_row(**mirrored | {"t": {"request": -10_000, "ack_in": 10_000}}))
    return rows.trace(halves)
