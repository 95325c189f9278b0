import msgspec
import pytest

import faults
import samples
from synscope.connections.model import Finding
from synscope.diagnosis.diagnose import diagnosed
from synscope.views import Style, plain, summary
from synscope.views.findings import findings, grouped, short, unconnected_findings
from synscope.views.ladder import ladder
from synscope.views.story import story

WIDE = Style(width=80)
NARROW_ASCII = Style(width=72, ascii=True)


def told(whole):
    return faults.told(whole)


def test_every_part_has_its_word():
    text = plain(findings(told(faults.accept_queue_full()), WIDE))
    assert text.startswith("\n error: accept-queue-overflow\n   The accept queue of python3[4710]")
    for word in (
        "   seen      netif_receive_skb: the SYN came at +30 µs",
        "   ruled out ",
        "   do        ",
    ):
        assert word in text
    assert "unsure" not in text


def test_doubts_and_confidence_are_shown():
    text = plain(findings(told(faults.lost()), WIDE))
    assert "error: syn-lost  confidence 0.7" in text
    assert "   unsure    the other end is not seen" in text


@pytest.mark.parametrize("style", [WIDE, NARROW_ASCII], ids=["80", "72 ASCII"])
def test_no_line_is_too_long(style):
    for make in (faults.lost, faults.accept_queue_full, faults.port_unreachable, faults.no_port):
        for line in findings(told(make()), style):
            assert line.cell_len < style.columns
            assert not style.ascii or line.plain.isascii()


def test_the_healthy_have_nothing():
    assert list(findings(samples.healthy(), WIDE)) == []
    assert list(grouped([samples.healthy()], WIDE)) == []


def test_a_live_line():
    (one,) = told(faults.no_listener()).findings
    line = short(one, WIDE).plain
    assert line.startswith("error refused-no-listener: Nothing listens on 127.0.0.1:8080")
    assert len(short(one, NARROW_ASCII).plain) <= 72


def test_below_the_ladder():
    text = plain(ladder(told(faults.no_listener()), WIDE))
    assert text.index("ECONNREFUSED") < text.index("refused-no-listener")


def test_by_code_with_an_example():
    many = [*diagnosed(faults.no_listener())] * 3 + [*diagnosed(faults.lost())]
    lines = plain(grouped(many, WIDE)).splitlines()
    assert lines[1].split() == ["finding", "count", "example"]
    assert lines[2].split()[:4] == ["refused-no-listener", "error", "3", "#1"]
    assert [line.split()[0] for line in lines[3:]] == ["syn-lost", "gave-up"]
    assert all(len(line) <= 80 for line in lines)
    assert "refused-no-listener" in plain(summary.render(many, faults.no_listener(), WIDE))


def test_calls_without_a_connection():
    whole = faults.trace([], [*faults.called("bind", 0, 9, -98, 7), *faults.called("bind", 20, 29, -98, 8)])
    text = plain(unconnected_findings(whole, WIDE))
    assert "Calls that failed before any connection:" in text
    assert text.count("error: address-in-use, 2 times") == 1
    assert "address-in-use" in plain(story([], whole, WIDE))
    assert "address-in-use" in plain(summary.render([], whole, WIDE))
    assert list(unconnected_findings(faults.healthy(), WIDE)) == []


def test_foreign_names_cannot_steer_the_terminal():
    hostile = Finding(code="x", severity="info", summary="\x1b[2J\n\u202e", evidence=("\x9b",), remedy="\r")
    connection = msgspec.structs.replace(samples.healthy(), findings=(hostile,))
    text = plain(findings(connection, WIDE)) + short(hostile, WIDE).plain
    assert not set(text) & {"\x1b", "\x9b", "\r", "\u202e"}
