import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from synscope.connections.nesting import Nesting, process_lane, softirq_lane
from synscope.events.wire import FUNCTION_CALL, CallFlag
from traced import Writing, named


def rows(*calls, tid=1, flags=CallFlag.RETURNED):
    """Calls as (enter, exit); exit None: not returned."""
    made = np.zeros(len(calls), FUNCTION_CALL)
    for row, (enter, leave) in zip(made, calls, strict=True):
        row["enter"], row["exit"], row["tid"] = enter, leave or 0, tid
        row["flags"] = flags if leave is not None else flags & ~CallFlag.RETURNED
    return made


def parents(calls):
    """The row that each row is in, -1 at the outside."""
    nesting = Nesting(calls)
    found = {}
    for place, parent in enumerate(nesting.parent.tolist()):
        found[int(nesting.order[place])] = int(nesting.order[parent]) if parent >= 0 else -1
    return [found[row] for row in range(len(calls))]


def test_calls_nest_as_their_intervals_do_in_whatever_order_the_rows_are():
    assert parents(rows((10, 90), (20, 30), (40, 80), (50, 60), (95, 99))) == [-1, 0, 0, 2, -1]
    assert parents(rows((50, 60), (95, 99), (40, 80), (10, 90), (20, 30))) == [2, -1, 3, -1, 3]


def test_lanes_are_apart():
    thread, other = rows((10, 90)), rows((20, 30), tid=2)
    softirq = rows((40, 50), flags=CallFlag.RETURNED | CallFlag.SOFTIRQ)
    assert parents(np.concatenate([thread, other, softirq])) == [-1, -1, -1]


def test_a_call_that_did_not_return_lasts_as_long_as_its_caller():
    assert parents(rows((10, 90), (20, None), (30, 40), (95, 99))) == [-1, 0, 1, -1]
    assert parents(rows((10, None), (20, 30))) == [-1, 0]


def test_a_call_that_took_no_time_is_around_nothing():
    assert parents(rows((10, 90), (20, 20), (21, 30))) == [-1, 0, 0]
    assert parents(rows((10, 90), (20, 20), (20, 30))) == [-1, 2, 0]


def test_the_innermost_call_at_a_time():
    nesting = Nesting(rows((10, 90), (20, 30), (40, 80)))
    at = [nesting.at(process_lane(1), t) for t in (5, 10, 25, 35, 80, 90, 91)]
    assert at == [-1, 0, 1, 0, 2, 0, -1]
    assert nesting.at(process_lane(2), 25) == nesting.at(softirq_lane(0), 25) == -1


def test_no_calls_have_no_places():
    nesting = Nesting(rows())
    assert len(nesting) == 0 and nesting.at(process_lane(1), 5) == -1


@st.composite
def trees(draw, depth=0):
    names = st.lists(st.integers(0, 3), max_size=3 if depth < 4 else 0)
    return [draw(trees(depth=depth + 1)) for _ in draw(names)]


def text_of(forest, indent=0):
    for tree in forest:
        yield " " * indent + "f"
        yield from text_of(tree, indent + 1)


@given(trees(), st.randoms())
def test_any_nesting_comes_back_from_its_intervals(forest, random):
    calls = Writing().lane("\n".join(text_of(forest)), tid=7).rows
    shuffled = list(range(len(calls)))
    random.shuffle(shuffled)
    nesting = Nesting(calls[shuffled])

    def grown(parent, begin, end):
        return [
            grown(at, at + 1, int(nesting.end[at]))
            for at in range(begin, end)
            if nesting.parent[at] == parent
        ]

    assert grown(-1, 0, len(calls)) == forest


@given(
    st.lists(
        st.tuples(st.integers(0, 2**64 - 1), st.integers(0, 2**64 - 1), st.integers(0, 15), st.integers(0, 2))
    )
)
def test_whatever_a_file_holds_parents_come_before_their_calls(found):
    calls = np.zeros(len(found), FUNCTION_CALL)
    for row, (enter, leave, flags, tid) in zip(calls, found, strict=True):
        row["enter"], row["exit"], row["flags"], row["tid"] = enter, leave, flags, tid
    nesting = Nesting(calls)
    places = np.arange(len(found))
    assert (nesting.parent < places).all()
    assert (nesting.end > places).all()
    assert (nesting.end <= len(found)).all()
    inside = nesting.parent >= 0
    assert (nesting.end[nesting.parent[inside]] >= nesting.end[inside]).all()
    assert (nesting.lane[nesting.parent[inside]] == nesting.lane[inside]).all()


def test_the_text_of_tests_is_read_as_it_looks():
    written = Writing().lane("a\n  b\n    c\n  d\ne", tid=3)
    assert named(written.functions, written.rows) == ["a", "b", "c", "d", "e"]
    assert parents(written.rows) == [-1, 0, 1, 0, -1]


@pytest.mark.parametrize("count", [1, 2, 3, 50])
def test_calls_inside_each_other_as_deep_as_one_likes(count):
    assert parents(rows(*((at, 1000 - at) for at in range(count)))) == list(range(-1, count - 1))
