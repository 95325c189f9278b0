import faults
from faults import as_record, codes, finding

CODE = "reverse-path-filter"


def made(**more):
    return faults.freed_for("IP_RPFILTER", "ip_rcv_finish_core", "ip_rcv_finish", faults.OTHER_NETNS, **more)


def test_the_drop_names_the_namespace_and_the_source():
    one = finding(made(), CODE)
    assert "the SYN from 127.0.0.1" in one.summary
    assert f"in network namespace {faults.OTHER_NETNS}" in one.evidence
    assert "ip route get 127.0.0.1" in one.remedy and "rp_filter" in one.remedy


def test_of_a_syn_ack():
    drop = faults.freed(56_000, "IP_RPFILTER", "ip_rcv_finish_core", "ip_rcv_finish", 0x12)
    halves = [faults.given_up(faults.SECOND), faults.unfinished()]
    one = finding(faults.trace(halves, [faults.sent(21_000), faults.received(30_000), drop]), CODE)
    assert "dropped the SYN-ACK" in one.summary


def test_record_detail_has_the_reason_too():
    assert finding(as_record(made()), CODE).evidence[0] == (
        "kfree_skb: SYN freed, IP_RPFILTER in ip_rcv_finish_core"
    )


def test_look_alikes():
    for other in (faults.lost, faults.answer_lost, faults.no_listener):
        assert CODE not in codes(other())
    assert CODE not in codes(faults.dropped("prerouting"))
