import pytest

from synscope.tcp.isn import generators as g

HOUR_NS = 3_600_000_000_000


def test_rfc_793_counts_250_000_a_second():
    assert g.rfc793(1_000_000_000) - g.rfc793(0) == 250_000
    assert g.rfc793(4_000) - g.rfc793(0) == 1


def test_a_step_each_4_ms_as_many_texts_have_it_would_take_199_days():
    assert pytest.approx(198.8, abs=0.1) == g.SPACE * 4e-3 / 86_400
    assert pytest.approx(4.77, abs=0.01) == g.SPACE * 4e-6 / 3600
    assert pytest.approx(4.55, abs=0.01) == g.SPACE / 2**18 / 3600  # the RFC's 4.55 hours


def test_4_4_bsd_begins_at_1_and_steps_by_64_000():
    assert g.bsd44(0, 0) == 1
    assert g.bsd44(499_999_999, 1) == 64_001
    assert g.bsd44(1_000_000_000, 1) == 192_001
    assert g.bsd44(int(9.33 * HOUR_NS), 0) < g.bsd44(int(9.31 * HOUR_NS), 0)


def test_rfc_6528_is_a_clock_on_one_flow_and_another_offset_on_the_next():
    key = bytes(16)
    later, now = (g.rfc6528(t, b"a", key, 64) for t in (64_000, 0))
    assert (later - now) % g.SPACE == 1000
    assert g.rfc6528(0, b"a", key) != g.rfc6528(0, b"b", key)
    assert g.rfc6528(0, b"a", key) != g.rfc6528(0, b"a", b"another")


def test_a_syn_cookie_holds_the_clients_number_the_minute_and_the_mss():
    key, minute = bytes(16), 60_000_000_000
    base = g.syn_cookie(0, b"a", key, 0)
    assert (g.syn_cookie(minute - 1, b"a", key, 77) - base) % g.SPACE == 77
    high = (g.syn_cookie(minute, b"a", key, 0) - base) % g.SPACE
    assert 0 < high < 2 << 24
    assert (g.syn_cookie(0, b"a", key, 0, 0) - base) & 0xFFFFFF == 0xFFFFFD
