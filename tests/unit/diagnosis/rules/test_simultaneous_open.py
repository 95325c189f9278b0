import faults
from faults import as_record, codes, finding

CODE = "simultaneous-open"


def test_two_sockets():
    one = finding(faults.both_connect(), CODE)
    assert "the other end called connect() at +2.0 us" in one.evidence[1]
    assert one.severity == "info"


def test_record_detail():
    assert codes(as_record(faults.both_connect())) == [CODE]


def test_look_alikes():
    for other in (faults.connects_to_itself, faults.healthy):
        assert CODE not in codes(other())
