import pytest
from rich.cells import cell_len

import samples
from synscope.views.live_rows import LiveRows
from synscope.views.live_status import head, status, tabs
from synscope.views.style import Style


def test_what_is_forgotten_is_told():
    rows = LiveRows(limit=5)
    rows.add(samples.many(8))
    counts, setup = status(rows, (2.0, 0.5), 1, Style())
    assert "8 connections  2.0/s    1 failed  0.5/s    the newest 5 are kept" in counts.plain
    assert "p50 63 µs" in setup.plain


@pytest.mark.parametrize("width", [80, 140])
def test_a_long_command_line_is_cut(width):
    header = samples.trace().header
    header.command = ["synscope", "watch", "--cgroup", "/a" * 100, "\x1b[31m"]
    header.hostname = "host"
    text = head(header, "12:34:56", width, Style(width=width)).plain
    assert cell_len(text) == width
    assert text.isprintable()


def test_of_a_filter_the_tabs_say_how_many_pass():
    rows = LiveRows()
    rows.add(samples.many(8))
    assert tabs(["a", "b"], 0, rows, "1-3 of 8", 40).plain.endswith("1-3 of 8 ")
    rows.filter("outcome:failed")
    assert "1 of 8 pass" in tabs(["a", "b"], 0, rows, "", 40).plain
