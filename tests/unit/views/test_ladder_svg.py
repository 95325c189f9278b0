"""What a reader must be able to measure in the drawn ladder; how it looks was looked at."""

import re
from itertools import pairwise
from xml.etree import ElementTree as ET

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

import samples
from synscope.views.ladder_svg import drawing, svg
from synscope.views.ladder_svg_scale import round_step, scale, spread
from synscope.views.style import Style

NS = "{http://www.w3.org/2000/svg}"


def texts(drawn: str) -> list[str]:
    return ["".join(one.itertext()) for one in ET.fromstring(drawn).iter() if one.tag.endswith("text")]


def arrow(drawn: str, key: str) -> list[tuple[float, float]]:
    """The ends of the one arrow with that key."""
    (group,) = [
        one
        for one in ET.fromstring(drawn).iter()
        if key in one.get("data-k", "").split() and "segment" in one.get("class", "")
    ]
    (shaft,) = [one for one in group if "arrow" in one.get("class", "")]
    return [tuple(map(float, point)) for point in re.findall(r"([\d.]+) ([\d.]+)", shaft.get("d", ""))]


@pytest.mark.parametrize("sample", samples.SAMPLES)
@pytest.mark.parametrize("narrow", [False, True])
def test_every_kind_of_connection_is_wellformed_and_within_its_paper(sample, narrow):
    connection = samples.SAMPLES[sample]()
    root = ET.fromstring(drawing(connection, Style(), narrow=narrow))
    _, _, width, height = map(float, root.get("viewBox", "").split())
    for one in root.iter("circle"):
        assert 0 < float(one.get("cx", "")) < width and 0 < float(one.get("cy", "")) < height
    ET.fromstring(svg(connection, Style()))


def test_segments_slant_as_long_as_they_took():
    drawn = drawing(samples.healthy(), Style())
    (_, sent), (_, received) = arrow(drawn, "c-sends-S")
    (_, answered), (_, answer) = arrow(drawn, "s-sends-Sack")
    per_us = (received - sent) / 10  # SYN: 21 to 31 µs, SYN-ACK: 39 to 46
    assert (answer - answered) / 7 == pytest.approx(per_us, abs=0.05)
    assert (answered - received) / 8 == pytest.approx(per_us, abs=0.05)


def test_a_wait_that_dwarfs_the_rest_is_broken_and_says_so():
    said = texts(drawing(samples.timed_out(), Style()))
    assert "1.003 s, not to scale" in said


def test_where_all_is_slow_nothing_is_broken():
    assert not [one for one in texts(drawing(samples.crossing(), Style())) if "scale" in one]


def test_a_drop_stands_on_the_side_where_it_happened_with_its_reason():
    connection = samples.healthy()
    first = msgspec.structs.replace(connection.segments[0], dropped="NETFILTER_DROP nft_do_chain")
    drawn = drawing(msgspec.structs.replace(connection, segments=(first, *connection.segments[1:])), Style())
    said = texts(drawn)
    assert {"✗ dropped", "NETFILTER_DROP", "nft_do_chain"} <= set(said)
    (x, _), (to_x, _) = arrow(drawn, "c-sends-S")
    assert x < 440 < to_x  # it crossed: received, then freed


def test_each_moment_leads_to_its_calls():
    root = ET.fromstring(drawing(samples.healthy(), Style()))
    links = {one.get("href") for one in root.iter("a")}
    assert "#c1-call-c-CLOSE-SYN-SENT" in links and "#c1-call-c-connect" in links


def test_without_stacks_no_context_is_drawn():
    drawn = drawing(samples.record_detail(), Style())
    assert "softirq" not in texts(drawn) and "process" not in texts(drawn)


def test_names_cannot_leave_their_element():
    evil = '</text><script>x</script>" onload="x'
    connection = samples.healthy(client=samples.client(comm=evil))
    change = samples.change("client", 14, "CLOSE>SYN_SENT", evil)
    connection = msgspec.structs.replace(connection, transitions=(change,))
    root = ET.fromstring(svg(connection, Style()))
    assert not [one for one in root.iter() if one.tag.endswith("script") or one.get("onload")]


def test_control_characters_are_escaped():
    assert svg(samples.hostile(), Style()).replace("\n", "").isprintable()


@given(st.lists(st.integers(0, 10**10), min_size=2, max_size=40), st.integers(100, 1000))
def test_time_runs_forward_and_only_breaks_are_not_to_scale(times, length):
    axis = scale(times, [], length)
    places = [axis.at(t) for t in sorted(times)]
    assert places == sorted(places)
    for one in axis.stretches:
        if not one.broken:
            assert one.end - one.begin == pytest.approx(one.spent_ns * axis.per_ns, rel=1e-6, abs=1e-6)


@given(st.lists(st.tuples(st.floats(-1000, 1000), st.floats(1, 50)), max_size=30))
def test_labels_never_overlap_and_keep_their_order(labels):
    labels.sort()
    sizes = [size for _, size in labels]
    places = spread([want for want, _ in labels], sizes)
    assert all(place >= -1e-6 for place in places)
    for (here, size), (there, _) in pairwise(zip(places, sizes, strict=True)):
        assert here + size <= there + 1e-6


def test_labels_that_have_room_stay_where_they_belong():
    assert spread([10, 50, 90], [20, 20, 20]) == [10, 50, 90]
    assert spread([50, 50], [20, 20]) == [40, 60]


@pytest.mark.parametrize(("least", "step"), [(0.3, 1), (1, 1), (3, 5), (11, 20), (501, 1000)])
def test_round_steps(least, step):
    assert round_step(least) == step
