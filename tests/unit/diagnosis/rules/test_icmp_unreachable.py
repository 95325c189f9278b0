import faults
from faults import as_record, codes, finding

CODE = "icmp-unreachable"


def test_a_router_elsewhere():
    one = finding(faults.icmp_hard(), CODE)
    assert one.summary == "ICMP answered the SYN to 192.0.2.7:8080: EHOSTUNREACH."
    assert "tcp_v4_err" in one.evidence[0] and "tcpdump" in one.remedy


def test_a_router_on_this_host():
    noted = {"sk_err_soft": faults.ENETUNREACH}
    whole = faults.freed_for("IP_INNOROUTES", "ip_error", "router", faults.ROUTER_NETNS, **noted)
    one = finding(whole, CODE)
    assert "ENETUNREACH; on this host a router had no route for it" in one.summary
    assert "inet_sk_error_report" in one.evidence[0]


def test_a_reject_rule_on_this_host():
    drop = faults.freed(31_000, "NETFILTER_DROP", "nft_do_chain", "output")
    row = faults.failed(faults.SECOND, "icmp", faults.EHOSTUNREACH, sk_err_soft=faults.EHOSTUNREACH)
    one = finding(faults.trace([row], [drop]), CODE)
    assert "by a reject rule of nftables in OUTPUT" in one.summary and "reject" in one.remedy


def test_look_alikes():
    for other in (faults.neighbour_failed, faults.icmp_soft, faults.port_unreachable, faults.lost):
        assert CODE not in codes(other())
    assert CODE not in codes(faults.failed_call(faults.EHOSTUNREACH))


def test_record_detail():
    assert CODE in codes(as_record(faults.icmp_hard()))


def test_a_router_whose_neighbour_does_not_answer():
    whole = faults.neighbour_failed()
    whole.events["netns"] = faults.ROUTER_NETNS
    assert "on this host no neighbour answered for its next hop" in finding(whole, CODE).summary
