"""Binary search, against looking at every row."""

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from synscope.connections.timeline import Timeline

SMALL = st.integers(0, 5)
ROWS = st.lists(st.tuples(SMALL, SMALL), max_size=20)


def timeline(rows: list[tuple[int, int]]) -> Timeline:
    table = np.array(rows, dtype=[("key", "<u4"), ("t", "<u8")])
    return Timeline(table["key"], table["t"])


@given(rows=ROWS, key=SMALL, start=SMALL, end=SMALL)
def test_a_key_and_a_time(rows: list[tuple[int, int]], key: int, start: int, end: int) -> None:
    made = timeline(rows)
    begin, beyond = made.between(key, start, end)
    within = [n for n, (k, t) in enumerate(rows) if k == key and start <= t < end]
    assert made.order[begin:beyond].tolist() == sorted(within, key=lambda n: rows[n][1])
    begin, beyond = made.span(key)
    mine = [n for n, (k, _) in enumerate(rows) if k == key]
    assert made.order[begin:beyond].tolist() == sorted(mine, key=lambda n: rows[n][1])


@given(rows=ROWS, key=SMALL, t=SMALL)
def test_the_last_before(rows: list[tuple[int, int]], key: int, t: int) -> None:
    made = timeline(rows)
    place = made.last(key, t)
    before = [n for n, row in enumerate(rows) if row[0] == key and row[1] <= t]
    assert (None if place is None else int(made.order[place])) == max(
        before, key=lambda n: (rows[n][1], n), default=None
    )
    assert place is None or made.time(place) == rows[int(made.order[place])][1]


def test_numbers_of_64_bits() -> None:
    top = 2**64 - 1
    made = Timeline(np.array([top, 1], np.uint64), np.array([top - 1, 5], np.uint64))
    assert made.order[slice(*made.between(top, 0, top))].tolist() == [0]
    assert len(made) == 2
