import pytest

import samples
from synscope.views import VIEWS, Style

NAMES = 21


def drawn(connection, width=80, ascii_only=False) -> dict[tuple[str, str], str]:
    """What stands right of name and duration, by side and phase."""
    style = Style(width=width, ascii=ascii_only)
    side, found = "", {}
    for line in VIEWS["timeline"].render([connection], samples.trace(), style):
        name = line.plain[:NAMES].strip()
        if line.plain.startswith((" client", " server")):
            side = name
        elif name:
            found[side, name] = line.plain[NAMES + 9 + 2 :]
    return found


def begins(bar: str) -> int:
    return len(bar) - len(bar.lstrip())


@pytest.mark.parametrize("width", [72, 80, 120])
@pytest.mark.parametrize("sample", ["healthy", "crossing", "server-only", "timed-out"])
def test_bars_are_to_scale_on_one_axis(sample, width):
    connection = samples.SAMPLES[sample]()
    bars = drawn(connection, width)
    cells = width - NAMES - 12
    start = min(phase.start_ns for phase in connection.phases)
    span = max(phase.start_ns + phase.duration_ns for phase in connection.phases) - start
    for phase in connection.phases:
        bar = bars[phase.side, phase.name.replace("_", " ")]
        assert abs(begins(bar) - (phase.start_ns - start) * cells / span) <= 1
        assert abs(len(bar.strip()) - phase.duration_ns * cells / span) <= 1
        assert bar.strip()
        assert len(bar) <= cells


def test_each_syn_that_was_sent_again_is_a_letter_in_the_bar():
    bar = drawn(samples.timed_out())["client", "syn retransmit"]
    assert bar.count("S") == 3
    first, second, third = (at for at, sign in enumerate(bar) if sign == "S")
    assert abs((second - first) / (third - first) - 1_003_092 / 2_027_625) < 0.05


def test_what_was_sent_again_unseen_is_said():
    late = samples.record_detail()
    seen_again = samples.healthy(
        phases=late.phases, segments=late.segments, calls=(), client=samples.client(retransmits=2)
    )
    text = " ".join(line.plain for line in VIEWS["timeline"].render([seen_again], samples.trace(), Style()))
    assert "2 retransmissions: when is not known" in text


def test_ascii_has_nothing_else():
    for make in samples.SAMPLES.values():
        for line in VIEWS["timeline"].render([make()], samples.trace(), Style(ascii=True)):
            assert line.plain.isascii()
