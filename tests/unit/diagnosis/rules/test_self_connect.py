import faults
from faults import as_record, codes, finding

CODE = "self-connect"


def test_both_ends_are_one():
    one = finding(faults.connects_to_itself(), CODE)
    assert one.summary == "The socket connected to itself: both ends are 127.0.0.1:8080."
    assert "states: SYN_SENT > SYN_RECV > ESTABLISHED" in one.evidence


def test_record_detail():
    assert codes(as_record(faults.connects_to_itself())) == [CODE]


def test_look_alikes():
    for other in (faults.both_connect, faults.healthy):
        assert CODE not in codes(other())
