import faults
from faults import codes, finding

CODE = "fastopen-refused"


COOKIE = "8877665544332211"


def test_a_cookie_that_was_not_valid():
    one = finding(faults.fast_open(COOKIE, taken=False), CODE)
    assert "its cookie was not valid" in one.summary
    assert f"the SYN carried data and the cookie {COOKIE}" in one.evidence
    assert "the server gave a new cookie, 0011223344556677" in one.evidence


def test_data_that_was_taken():
    assert codes(faults.fast_open(COOKIE, taken=True)) == []


def test_a_syn_that_only_asks():
    assert codes(faults.fast_open("", taken=False)) == []


def test_look_alikes():
    assert CODE not in codes(faults.healthy())
