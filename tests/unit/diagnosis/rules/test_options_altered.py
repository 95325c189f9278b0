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


_STAMP = b"\x08\x0a" + (7).to_bytes(4, "big") + bytes(4)


def test_a_timestamp_that_was_removed():
    ends = {"source": "192.0.2.1", "target": "198.51.100.1"}
    events = [
        faults.sent(21_000, options=_STAMP, **ends),
        faults.received(30_000, options=b"\x01" * len(_STAMP), netns=faults.OTHER_NETNS, **ends),
    ]
    one = finding(faults.trace([faults.clamped().halves], events), CODE)
    assert "SYN: timestamp {'val': 7, 'ecr': 0} at device" in one.evidence[0]


def test_the_timestamp_of_a_retransmission_is_its_own():
    ends = {"source": "192.0.2.1", "target": "198.51.100.1"}
    again = _STAMP[:2] + (1007).to_bytes(4, "big") + bytes(4)
    events = [
        faults.sent(21_000, options=_STAMP, **ends),
        faults.sent(1_021_000, options=again, **ends),
        faults.received(1_030_000, options=again, netns=faults.OTHER_NETNS, **ends),
    ]
    assert CODE not in codes(faults.trace([faults.clamped().halves], events))


def test_look_alikes():
    assert codes(faults.clamped(1460)) == []
    assert CODE not in codes(faults.resent())
    assert CODE not in codes(faults.healthy())


def test_record_detail_sees_no_options():
    assert codes(as_record(faults.clamped())) == []
