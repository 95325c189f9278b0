import pytest

import samples
from synscope.errors import SynscopeError
from synscope.views.live_rows import LiveRows


def numbers(rows):
    return [row.number for row in rows.shown]


def test_the_newest_are_kept():
    rows = LiveRows(limit=10)
    rows.add(samples.many(7))
    rows.add(samples.many(12)[7:])
    assert numbers(rows) == list(range(12, 2, -1))
    assert (rows.told, rows.forgotten) == (12, 2)


def test_more_than_are_kept_can_come_at_once():
    rows = LiveRows(limit=3)
    rows.add(samples.many(8))
    assert numbers(rows) == [8, 7, 6]


def test_a_filter_passes_what_is_kept_and_what_comes():
    rows = LiveRows(limit=10)
    rows.add(samples.many(8))
    rows.filter("outcome:failed")
    rows.add(samples.many(14)[8:])
    assert numbers(rows) == [14, 7]
    rows.add(samples.many(18)[14:])
    assert numbers(rows) == [14]  # c7 is forgotten


def test_a_wrong_filter_changes_nothing():
    rows = LiveRows()
    rows.add(samples.many(8))
    rows.filter("outcome:failed")
    with pytest.raises(SynscopeError):
        rows.filter("outcome:")
    assert (numbers(rows), rows.filter_text) == ([7], "outcome:failed")


@pytest.mark.parametrize("descending", [True, False])
def test_what_is_not_known_stands_last(descending):
    rows = LiveRows()
    rows.add(samples.many(8))
    rows.order(lambda row: row.wait_ns, descending)
    assert numbers(rows)[-1] == 7  # refused: in no accept queue
    known = [row.wait_ns for row in rows.shown[:-1]]
    assert known == sorted(known, reverse=descending)
