from xml.etree import ElementTree as ET

import pytest

from isn_series import GENERATORS, series, trace_of
from synscope.connections.isns import Peer, peers
from synscope.tcp.isn.classify import Generator, analyse
from synscope.views import Style, plain
from synscope.views.isn import WORDS, isn
from synscope.views.isn_plot import panels
from synscope.views.isn_svg import svg

SVG = "{http://www.w3.org/2000/svg}"


def peer_of(name, **kw):
    return Peer("192.0.2.1:80", "server", series(name, **kw))


def drawn(peer, **style):
    return plain(isn(peer, analyse(peer.samples), Style(**style)))


def test_every_verdict_has_its_words():
    assert set(WORDS) == set(Generator.__args__)


@pytest.mark.parametrize("name", GENERATORS)
@pytest.mark.parametrize("width", [60, 80, 120])
def test_no_line_is_too_long(name, width):
    text = drawn(peer_of(name), width=width)
    assert max(map(len, text.splitlines())) <= max(72, width)
    assert "nan" not in text


def test_too_few_numbers_are_neither_judged_nor_drawn():
    assert drawn(peer_of("linux", count=5)).splitlines()[1:] == ["not known: fewer than 8 numbers"]


def test_a_flow_that_came_once_has_one_panel():
    assert [panel.title for panel in panels(peer_of("random", again=0))] == ["all connections"]


def test_who_guesses_a_clients_number_forges_a_syn_ack():
    said = {side: drawn(peer_of("linux")._replace(side=side)) for side in ("server", "client")}
    assert "bits to guess for an ACK that ends a handshake" in " ".join(said["server"].split())
    assert "bits to guess for a SYN-ACK that is taken" in " ".join(said["client"].split())


def test_a_syn_proxy_is_named():
    (server,) = [one for one in peers(trace_of(series("syn-cookies"), window=0)) if one.side == "server"]
    assert "a SYN proxy answers for the peer" in " ".join(drawn(server).split())


@pytest.mark.parametrize("name", [*GENERATORS, "few"])
def test_the_svg_has_a_dot_for_each_number_of_each_panel(name):
    peer = peer_of("random", count=3) if name == "few" else peer_of(name)
    analysis = analyse(peer.samples)
    root = ET.fromstring(svg(peer, analysis, Style()))
    dots = [(float(dot.get("cx")), float(dot.get("cy"))) for dot in root.iter(f"{SVG}circle")]
    shown = sum(len(panel.x) for panel in panels(peer))
    left_over = analysis.clock.samples if analysis.clock and not analysis.steps else 0
    assert len(dots) == shown + left_over
    _, _, width, height = map(float, root.get("viewBox").split())
    assert all(0 < x < width and 0 < y < height for x, y in dots)
