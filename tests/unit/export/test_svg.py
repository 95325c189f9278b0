from xml.etree import ElementTree as ET

import pytest

import samples
from synscope.errors import SynscopeError
from synscope.export import svg


def written(connections) -> tuple[bytes, list[str]]:
    said: list[str] = []
    return b"".join(svg.write(connections, samples.trace(), said.append)), said


def test_is_one_svg_document():
    data, said = written([samples.healthy()])
    assert ET.fromstring(data).tag == "{http://www.w3.org/2000/svg}svg" and not said


def test_of_several_the_first_is_drawn_and_that_is_said():
    data, said = written(samples.many(3))
    assert b"50001" in data and said == ["drawn: the first of 3 connections; --connection c2 is the second"]


def test_without_a_connection_there_is_nothing_to_draw():
    with pytest.raises(SynscopeError, match="no ladder to draw"):
        written([])
