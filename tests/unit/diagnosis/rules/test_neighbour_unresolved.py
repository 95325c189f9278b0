import faults
from faults import as_record, codes, finding

CODE = "neighbour-unresolved"


def test_the_drop_is_the_evidence():
    one = finding(faults.neighbour_failed(), CODE)
    assert one.evidence[0].startswith("kfree_skb: SYN freed, NEIGH_FAILED in neigh_invalidate")
    assert "ip neigh" in one.remedy and one.confidence == 1.0


def test_held_before_any_device():
    one = finding(faults.neighbour_awaited(), CODE)
    assert "no device was given it" in one.evidence[0]
    assert one.confidence < 1


def test_held_is_not_claimed_where_records_were_lost():
    assert CODE not in codes(faults.lossy(faults.neighbour_awaited()))


def test_held_is_not_claimed_in_record_detail():
    assert codes(as_record(faults.neighbour_failed())) == [CODE]
    assert CODE not in codes(as_record(faults.neighbour_awaited()))


def test_look_alikes():
    for other in (faults.icmp_hard, faults.lost, faults.slow_neighbour, faults.healthy):
        assert CODE not in codes(other())
    assert CODE not in codes(faults.failed_call(faults.EHOSTUNREACH))
