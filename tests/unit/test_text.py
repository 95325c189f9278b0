import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st
from rich.cells import cell_len

from synscope.text import ASCII, UNICODE, Glyphs, clean, duration, endpoint, fit, relative, size

US, MS, S = 1_000, 1_000_000, 1_000_000_000
DANGEROUS = ("Cc", "Cf", "Cs", "Co", "Zl", "Zp")


@pytest.mark.parametrize(
    ("given", "shown"),
    [
        ("python3", "python3"),
        ("naïve 名前", "naïve 名前"),
        ("\x1b[31m", r"\x1b[31m"),
        ("a\r\nb\t", r"a\x0d\x0ab\x09"),
        ("\x7f\x9b2J", r"\x7f\x9b2J"),
        ("\u202egnp.exe\u2066", r"\u202egnp.exe\u2066"),
        ("a\u200b\u2028b", r"a\u200b\u2028b"),
        ("\udc80", r"\udc80"),
        ("\U000e0041", r"\U000e0041"),
    ],
)
def test_clean_shows_what_would_steer_a_terminal(given, shown):
    assert clean(given) == shown


@given(st.text())
def test_clean_lets_no_control_through_and_settles_at_once(text):
    cleaned = clean(text)
    assert not any(unicodedata.category(character) in DANGEROUS for character in cleaned)
    assert clean(cleaned) == cleaned
    assert clean(text, ascii_only=True).isascii()


@pytest.mark.parametrize(
    ("ns", "shown"),
    [
        (0, "0 ns"),
        (640, "640 ns"),
        (7_240, "7.2 µs"),
        (96 * US, "96 µs"),
        (9_960, "10 µs"),
        (999_600, "1.00 ms"),
        (1_214_000, "1.21 ms"),
        (12_140_000, "12.1 ms"),
        (212 * MS, "212 ms"),
        (1_003_100_000, "1.003 s"),
        (63_020 * MS, "63.02 s"),
        (127 * S, "127.0 s"),
        (1_800 * S, "30.0 min"),
        (9_000 * S, "2.5 h"),
        (864_000 * S, "10.0 d"),
        (-212 * US, "−212 µs"),
    ],
)
def test_duration_has_about_three_digits(ns, shown):
    assert duration(ns) == shown


@given(st.integers(min_value=0, max_value=30 * 86_400 * S), st.integers(min_value=0, max_value=10 * S))
def test_duration_is_near_the_truth(ns, more):
    units = {"ns": 1, "µs": US, "ms": MS, "s": S, "min": 60 * S, "h": 3600 * S, "d": 86_400 * S}
    number, unit = duration(ns).split()
    assert abs(float(number) * units[unit] - ns) <= max(1, ns * 0.051)
    assert len(duration(ns)) <= 8


def test_relative_is_signed_and_zero_is_plain():
    assert [relative(ns) for ns in (0, 14 * US, -212 * US)] == ["0", "+14 µs", "−212 µs"]
    assert [relative(ns, ASCII) for ns in (14 * US, -212 * US)] == ["+14 us", "-212 us"]


@pytest.mark.parametrize(
    ("address", "port", "shown"),
    [
        ("127.0.0.1", 8080, "127.0.0.1:8080"),
        ("2001:db8::1", 443, "[2001:db8::1]:443"),
        ("::ffff:127.0.0.1", 1, "[::ffff:127.0.0.1]:1"),
        ("127.0.0.1", None, "127.0.0.1:?"),
        (None, 8080, "?:8080"),
        (None, None, "?"),
    ],
)
def test_endpoint(address, port, shown):
    assert endpoint(address, port) == shown


@pytest.mark.parametrize(("count", "shown"), [(812, "812 B"), (12_600, "12.3 KiB"), (4 << 20, "4.0 MiB")])
def test_size(count, shown):
    assert size(count) == shown


@given(st.text(alphabet=st.characters(codec="utf-8", exclude_categories=DANGEROUS)), st.integers(0, 30))
def test_fit_never_exceeds_its_room(text, width):
    for glyphs in (UNICODE, ASCII):
        assert cell_len(fit(text, width, glyphs)) <= width
    if cell_len(text) <= width:
        assert fit(text, width) == text


def test_ascii_glyphs_are_ascii_and_structure_keeps_its_width():
    signs = {name: getattr(ASCII, name) for name in Glyphs.__struct_fields__}
    assert all(sign.isascii() for sign in signs.values())
    drawn = ("line", "dots", "left", "right", "divider", "leader", "bar", "branch", "last", "trunk")
    assert all(len(signs[name]) == len(getattr(UNICODE, name)) for name in drawn)
