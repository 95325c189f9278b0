import faults
from faults import as_record, codes, finding

CODE = "refused-by-firewall"


def test_a_reset_by_a_rule():
    one = finding(faults.rejected_with_reset(), CODE)
    assert one.summary == "A rule of nftables in INPUT rejected the SYN to 127.0.0.1:8080 with an RST."
    assert "nft list ruleset" in one.remedy and "reject" in one.remedy
    assert one.confidence == 1.0


def test_icmp_port_unreachable_that_was_soft_at_first():
    one = finding(faults.port_unreachable(), CODE)
    assert "ICMP port-unreachable" in one.summary
    assert any("only noted" in line for line in one.evidence)


def test_icmp_that_the_owner_read():
    one = finding(faults.port_unreachable_read(), CODE)
    assert any("inet_sk_error_report" in line for line in one.evidence)


def test_icmp_from_elsewhere():
    one = finding(faults.icmp_hard(faults.ECONNREFUSED), CODE)
    assert one.summary.startswith("A firewall on the way rejected")


def test_record_detail_does_not_know_the_hook():
    one = finding(as_record(faults.rejected_with_reset()), CODE)
    assert one.confidence < 1 and "hook" in one.doubts[0]


def test_look_alikes():
    for other in (faults.no_listener, faults.refused_from_afar, faults.icmp_hard):
        assert CODE not in codes(other())
    assert CODE not in codes(faults.dropped("input"))
