import faults
from faults import as_record, codes, finding

CODE = "syn-cookies"


def test_the_child_without_a_request():
    one = finding(faults.syn_cookie(), CODE)
    assert "its SYN queue was full" in one.summary
    assert one.severity == "warning" and one.error_type is None


def test_a_setting_that_always_asks_for_it():
    whole = faults.syn_cookie()
    whole.header.sysctls["net.ipv4.tcp_syncookies"] = "2"
    one = finding(whole, CODE)
    assert one.severity == "info" and "tcp_syncookies=2 asks for it" in one.summary


def test_the_setting_of_another_namespace_says_nothing():
    whole = faults.syn_cookie()
    whole.header.netns = faults.OTHER_NETNS
    one = finding(whole, CODE)
    assert "or net.ipv4.tcp_syncookies is 2" in one.summary and one.confidence < 1


def test_a_full_queue_in_the_records_leaves_no_doubt():
    whole = faults.syn_cookie()
    whole.header.netns = faults.OTHER_NETNS
    pending = faults.unfinished(
        cookie=50, rport=4, isn=1, peer_isn=1, t={"request": -9_000, "synack_out": -8_000}
    )
    halves = [faults.listener_row(backlog_max=0, cookie=3), pending, whole.halves[1:]]
    whole = faults.trace(halves)
    whole.header.netns = faults.OTHER_NETNS
    assert finding(whole, CODE).confidence == 1.0


def test_look_alikes():
    for other in (faults.healthy, faults.syn_queue_full, faults.accepted_late):
        assert CODE not in codes(other())


def test_record_detail():
    assert CODE in codes(as_record(faults.syn_cookie()))
