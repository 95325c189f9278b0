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


def test_ipv6_gives_no_reason():
    drop = faults.freed(3 * faults.SECOND, "NOT_SPECIFIED", "neigh_invalidate", "neighbour")
    row = faults.failed(3 * faults.SECOND, "icmp", faults.EHOSTUNREACH, syn_retransmits=3)
    assert codes(faults.trace([row], [drop])) == [CODE]


def test_a_routers_neighbour_is_not_the_clients():
    whole = faults.neighbour_failed()
    whole.events["netns"] = faults.ROUTER_NETNS
    assert codes(whole) == ["icmp-unreachable"]


def test_record_detail_does_not_say_whose():
    one = finding(as_record(faults.neighbour_failed()), CODE)
    assert "never left" not in one.summary and one.confidence < 1
