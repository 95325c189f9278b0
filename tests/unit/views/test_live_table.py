import pytest
from rich.cells import cell_len

import samples
from synscope.views.live_rows import row_of
from synscope.views.live_table import SORTABLE, Drawing, heading, line
from synscope.views.style import Style


def drawing(width, column=SORTABLE[0], **style):
    return Drawing(width, Style(width=width, **style), lambda _: "12:34:56.789", column, True)


@pytest.mark.parametrize("width", [80, 96, 100, 110, 130, 140, 200, 300])
def test_lines_are_as_wide_as_the_terminal_at_most(width):
    long = [samples.inet6(), samples.hostile(), *samples.many(9)]
    for number, connection in enumerate(long, 1):
        row = row_of(samples.Connection(**{**samples._as_dict(connection), "id": f"c{number}"}))
        assert cell_len(line(row, drawing(width)).plain) <= width
    assert cell_len(heading(drawing(width)).plain) <= width


def test_the_column_that_is_sorted_by_is_marked():
    setup = next(column for column in SORTABLE if column.heading == "setup")
    assert "-setup" in heading(drawing(80, setup)).plain


def test_a_wide_terminal_has_room_for_both_programs():
    row = row_of(samples.many(1)[0])
    assert "→" in line(row, drawing(160)).plain.split("established")[1]
    assert "->" in line(row, drawing(160, ascii=True)).plain
