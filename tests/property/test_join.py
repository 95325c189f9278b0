"""Random churn: whatever is missing, repeated or out of order, no false pair and no true one missed.

The truth is the model that made the rows: connections one after another on very few ends, so that ports
are used again all the time, with ISNs from very few values, so that they repeat too. What the model keeps
from being undecidable is what the kernel does: a pair of ISNs is not used twice on the same ends.
"""

from typing import NamedTuple

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from rows import client_row, listener_row, server_row
from synscope.connections.join import join
from synscope.events.decode import latest
from synscope.events.trace import Rows
from synscope.events.wire import Fate

ISNS = st.sampled_from([0, 1, 2, 2**31, 2**32 - 1])
ADDRESSES = ("127.0.0.1", "::1", "10.0.0.1", "2001:db8::1")


class Attempt(NamedTuple):
    """One connection of the model; `seen` are the halves whose rows were not lost."""

    number: int
    ends: tuple[str, int, int]
    isns: tuple[int, int]
    established: bool
    dual_stack: bool
    seen: tuple[bool, bool]

    @property
    def cookies(self) -> tuple[int, int]:
        return 2 * self.number + 10, 2 * self.number + 11

    @property
    def t0(self) -> int:
        return 10**9 * (self.number + 1)

    def rows(self) -> list[Rows]:
        return [row for row, seen in zip((self._client(), self._server()), self.seen, strict=True) if seen]

    def _client(self) -> Rows:
        address, lport, rport = self.ends
        mapped = f"::ffff:{address}" if self.dual_stack and ":" not in address else address
        fields = {"local": mapped, "remote": mapped, "lport": lport, "rport": rport}
        fields |= {"cookie": self.cookies[0], "isn": self.isns[0], "t0": self.t0}
        if self.established:
            return client_row(**fields, peer_isn=self.isns[1])
        steps = [(15_000, "CLOSE", "SYN_SENT"), (99_000, "SYN_SENT", "CLOSE")]
        times = {"connect": 10_000, "syn_out": 25_000, "closed": 99_000}
        return client_row(**fields, peer_isn=None, t=times, transitions=steps, fate=Fate.FAILED)

    def _server(self) -> Rows:
        address, lport, rport = self.ends
        fields = {"local": address, "remote": address, "lport": rport, "rport": lport}
        fields |= {"cookie": self.cookies[1], "peer_isn": self.isns[0], "isn": self.isns[1], "t0": self.t0}
        if self.established:
            return server_row(**fields)
        times = {"request": 40_000, "synack_out": 50_000}
        return server_row(**fields, t=times, transitions=[], fate=Fate.FAILED)


@st.composite
def churn(draw: st.DrawFn) -> list[Attempt]:
    """Attempts one after another; an ISN pair once per ends, a failed attempt's own ISN nowhere else."""
    attempts: list[Attempt] = []
    used: set[tuple[tuple[str, int, int], int, int]] = set()
    for number in range(draw(st.integers(0, 24))):
        ends = (draw(st.sampled_from(ADDRESSES)), draw(st.sampled_from([1024, 1025])), 80)
        established = draw(st.booleans())
        isns = (draw(ISNS), draw(ISNS)) if established else (10**6 + number, draw(ISNS))
        if (ends, *isns) in used:
            continue
        used.add((ends, *isns))
        seen = (draw(st.booleans()) or draw(st.booleans()), draw(st.booleans()) or draw(st.booleans()))
        attempts.append(Attempt(number, ends, isns, established, draw(st.booleans()), seen))
    return attempts


@settings(max_examples=200, deadline=None)
@given(churn(), st.randoms(use_true_random=False), st.integers(0, 5))
def test_every_true_pair_and_no_other(attempts: list[Attempt], random: object, repeated: int) -> None:
    rows = [row for attempt in attempts for row in attempt.rows()] + [listener_row()]
    rows += [random.choice(rows) for _ in range(repeated)]  # type: ignore[attr-defined]
    random.shuffle(rows)  # type: ignore[attr-defined]
    halves = latest(np.concatenate(rows))
    found = join(halves)
    cookies = [*halves["cookie"].tolist(), None]  # -1 is the last
    joined = {(cookies[c], cookies[s]) for c, s in zip(found.client_index, found.server_index, strict=True)}
    truth = {
        tuple(cookie if seen else None for cookie, seen in zip(one.cookies, one.seen, strict=True))
        for one in attempts
    }
    assert joined == truth - {(None, None)}
    assert len(found.client_index) == len(joined)


def test_a_thousand_connections_on_one_pair_of_ports() -> None:
    attempts = [
        Attempt(n, ("10.0.0.1", 1024, 80), (n % 7, n), True, False, (True, True)) for n in range(1000)
    ]
    halves = np.concatenate([row for one in reversed(attempts) for row in one.rows()])
    found = join(halves)
    client, server = halves["cookie"][found.client_index], halves["cookie"][found.server_index]
    assert len(client) == 1000
    assert (client + 1 == server).all()
