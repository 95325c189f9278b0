"""The diagrams: each arrow of the table is drawn, no words overlap, and the way taken is marked."""

import re
from itertools import combinations
from xml.etree import ElementTree as ET

import pytest

import samples
from synscope.connections.state_path import state_path
from synscope.tcp.transitions import figure
from synscope.views import Style, plain
from synscope.views.state_diagram import diagram
from synscope.views.state_layout import ARROWS, BOX_HEIGHT, BOX_WIDTH, BOXES, WIDTH
from synscope.views.state_mermaid import mermaid
from synscope.views.state_svg import svg
from synscope.views.state_svg_layout import ARROWS as SVG_ARROWS
from synscope.views.state_svg_layout import BOX, FRAMES
from synscope.views.state_svg_layout import BOXES as SVG_BOXES
from synscope.views.state_svg_layout import WIDTH as SVG_WIDTH

SVG = "{http://www.w3.org/2000/svg}"
STYLE = Style(width=80)


def words_area(arrow):
    x, y = arrow.words
    left = x if arrow.align == "left" else x + 1 - arrow.room
    return left, y, left + arrow.room - 1, y + arrow.lines - 1


def boxes():
    for corners in BOXES.values():
        for x, y in corners:
            yield x, y, x + BOX_WIDTH - 1, y + BOX_HEIGHT - 1


def lines():
    for arrow in ARROWS.values():
        for (x, y), (to_x, to_y) in zip(arrow.bends, arrow.bends[1:], strict=False):
            yield min(x, to_x), min(y, to_y), max(x, to_x), max(y, to_y)


def overlap(one, other):
    return one[0] <= other[2] and other[0] <= one[2] and one[1] <= other[3] and other[1] <= one[3]


@pytest.mark.parametrize("layout", [(ARROWS, BOXES), (SVG_ARROWS, SVG_BOXES)], ids=["terminal", "svg"])
def test_the_layout_has_the_arrows_and_states_of_the_table_and_no_other(layout):
    arrows, states = layout
    assert set(arrows) == set(figure())
    assert set(states) == {state for way in figure() for state in way}


def test_words_overlap_neither_each_other_nor_boxes_nor_lines():
    areas = {way: words_area(arrow) for way, arrow in ARROWS.items()}
    assert [pair for pair in combinations(areas, 2) if overlap(areas[pair[0]], areas[pair[1]])] == []
    for way, area in areas.items():
        assert not any(overlap(area, other) for other in (*boxes(), *lines())), way
        assert area[0] >= 0 and area[2] < WIDTH, way


CHARACTER, LINE = 7.5, 17  # px: wider than either font has them on average


def text_area(at, anchor, columns, rows=1, grow="down"):
    """Where words are in the SVG, about."""
    (x, y), width = at, columns * CHARACTER
    left = x if anchor == "start" else x - width
    top = y - 11 - (rows - 1) * LINE * (grow == "up")
    return left, top, left + width, top + 14 + (rows - 1) * LINE


def svg_areas():
    """Each arrow's words, as where two sides took it: event, two times, the function."""
    for way, row in figure().items():
        arrow = SVG_ARROWS[way]
        event = f"{row.event} / {row.sends}" if row.sends else row.event
        columns = max(len(event), 12, len(row.by[0]))
        yield way, text_area(arrow.words, arrow.anchor, columns, 4, arrow.grow)
    for frame in FRAMES:
        if frame.caption:
            yield frame.caption, text_area(frame.at, frame.anchor, len(frame.caption))


def svg_boxes():
    for centres in SVG_BOXES.values():
        for x, y in centres:
            yield x - BOX[0] // 2, y - BOX[1] // 2, x + BOX[0] // 2, y + BOX[1] // 2


def svg_lines():
    for arrow in SVG_ARROWS.values():
        for (x, y), (to_x, to_y) in zip(arrow.bends, arrow.bends[1:], strict=False):
            yield min(x, to_x), min(y, to_y), max(x, to_x), max(y, to_y)


def test_words_in_the_svg_overlap_nothing_either():
    areas = dict(svg_areas())
    assert [pair for pair in combinations(areas, 2) if overlap(areas[pair[0]], areas[pair[1]])] == []
    for what, area in areas.items():
        assert [other for other in (*svg_boxes(), *svg_lines()) if overlap(area, other)] == [], what
        assert area[0] >= 0 and area[2] <= SVG_WIDTH, what


def touches(point, corner, size):
    """Whether a point is on the cell just outside a box, or on its edge."""
    (x, y), (left, top), (width, height) = point, corner, size
    return left - 1 <= x <= left + width and top - 1 <= y <= top + height


@pytest.mark.parametrize("way", ARROWS)
def test_each_arrow_begins_and_ends_at_its_states(way):
    size = (BOX_WIDTH, BOX_HEIGHT)
    for state, point in zip(way, (ARROWS[way].bends[0], ARROWS[way].bends[-1]), strict=True):
        assert any(touches(point, corner, size) for corner in BOXES[state])


@pytest.mark.parametrize("sample", samples.SAMPLES)
@pytest.mark.parametrize("only_ascii", [False, True])
def test_no_line_is_wider_than_eighty_columns(sample, only_ascii):
    text = plain(diagram(samples.SAMPLES[sample](), Style(width=80, ascii=only_ascii)))
    assert max(map(len, text.splitlines())) <= 80
    assert text.isascii() or not only_ascii


def test_the_whole_table_is_drawn():
    text = plain(diagram(None, STYLE))
    for way, row in figure().items():
        assert row.event in text
        assert ARROWS[way].lines == 1 or any(name in text for name in row.by)


def test_a_failure_is_an_abort_and_what_is_not_drawn_is_listed():
    refused = plain(diagram(samples.SAMPLES["refused"](), STYLE))
    assert "aborted" in refused
    assert "CLOSE → SYN_SENT" in refused


def taken_in(root):
    return [group for group in root.iter(f"{SVG}g") if group.get("class") == "taken"]


@pytest.mark.parametrize("sample", samples.SAMPLES)
def test_the_svg_is_xml_and_marks_the_steps(sample):
    connection = samples.SAMPLES[sample]()
    root = ET.fromstring(svg(connection, STYLE))
    assert root.tag == f"{SVG}svg"
    ways = {step.way for step in state_path(connection) if step.drawn}
    assert len(taken_in(root)) == len(ways)
    texts = [element.text for element in root.iter(f"{SVG}text")]
    assert "\x1b" not in "".join(map(str, texts))


def test_the_svg_of_the_table_has_every_arrow():
    root = ET.fromstring(svg(None, STYLE))
    assert len(list(root.iter(f"{SVG}path"))) == len(figure()) + 3  # heads
    assert taken_in(root) == []


# What Mermaid's flowchart grammar allows, of what is used here.
GRAMMAR = re.compile(
    r'flowchart TD|  \w+\["[^"\[\]]+"\]|  \w+ -->\|"[^"|]+"\| \w+'
    r"|  linkStyle \d+ stroke:#[0-9a-f]{6},stroke-width:3px|  style \w+ stroke:#[0-9a-f]{6},stroke-width:3px"
)


@pytest.mark.parametrize("sample", [None, *samples.SAMPLES])
def test_mermaid_is_of_its_grammar(sample):
    connection = samples.SAMPLES[sample]() if sample else None
    written = mermaid(connection, STYLE).splitlines()
    assert [line for line in written if not GRAMMAR.fullmatch(line)] == []
    assert sum("-->" in line for line in written) == len(figure())
    numbers = [int(line.split()[1]) for line in written if "linkStyle" in line]
    assert all(number < len(figure()) for number in numbers)
    ways = {step.way for step in state_path(connection) if step.drawn} if connection else set()
    assert [way in ways for way in figure()] == [at in numbers for at in range(len(figure()))]
