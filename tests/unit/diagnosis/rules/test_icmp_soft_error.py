import faults
from faults import as_record, codes, finding

CODE = "icmp-soft-error"


def test_noted_and_the_attempt_went_on():
    one = finding(faults.icmp_soft(), CODE)
    assert one.summary == (
        "ICMP said EHOSTUNREACH of 192.0.2.7:8080; it was only noted, and TCP gave up later."
    )
    assert "sent again 1 time" in one.evidence[1]


def test_given_up_by_its_owner():
    row = faults.given_up(2 * faults.SECOND, syn_retransmits=1, sk_err_soft=faults.ENETUNREACH)
    whole = faults.trace([row], [faults.sent(21_000)])
    assert codes(whole) == [CODE, "gave-up"]
    assert "its owner closed the socket later" in finding(whole, CODE).summary


def test_record_detail_has_it_where_the_owner_gave_up():
    row = faults.given_up(2 * faults.SECOND, syn_retransmits=1, sk_err_soft=faults.ENETUNREACH)
    assert CODE in codes(as_record(faults.trace([row], [faults.sent(21_000)])))


def test_look_alikes():
    for other in (faults.icmp_hard, faults.lost, faults.port_unreachable, faults.neighbour_failed):
        assert CODE not in codes(other())
