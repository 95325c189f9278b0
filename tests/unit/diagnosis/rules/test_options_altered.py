import faults
from faults import as_record, codes, finding

CODE = "options-altered"


def test_a_lower_mss():
    one = finding(faults.clamped(), CODE)
    assert one.summary == "The MSS was lowered between the ends."
    assert one.evidence[0].startswith("SYN: mss 1460 at device 0 of network namespace")


def test_an_option_that_was_removed():
    ends = {"source": "192.0.2.1", "target": "198.51.100.1"}
    events = [
        faults.sent(21_000, options=b"\x04\x02", **ends),
        faults.received(30_000, options=b"\x01\x01", netns=faults.OTHER_NETNS, **ends),
    ]
    whole = faults.clamped()
    one = finding(faults.trace([whole.halves], events), CODE)
    assert "sack_ok True" in one.evidence[0] and "absent" in one.evidence[0]


def test_look_alikes():
    assert codes(faults.clamped(1460)) == []
    assert CODE not in codes(faults.resent())
    assert CODE not in codes(faults.healthy())


def test_record_detail_sees_no_options():
    assert codes(as_record(faults.clamped())) == []
